-- what: one row is what was known of one area at the end of the as-of day
-- why: tells where customers live by figures, not only by names
-- grain: global
-- column area_code: the area [id]
-- column valid_from: from when the figures hold; NULL: always [date]
-- column area_name: name [category]
-- column region_name: region or state [category]
-- column country_name: country [category]
-- column population_count: inhabitants [unit=persons]
-- column median_income_amount: median yearly household income [unit=currency]
-- column poverty_share: share of inhabitants in poverty [unit=share]
-- column unemployment_share: share of the labour force without work [unit=share]
-- column is_urban: metropolitan area; NULL: not known [flag]
SELECT
    area_code,
    valid_from,
    area_name,
    region_name,
    country_name,
    population_count,
    median_income_amount,
    poverty_share,
    unemployment_share,
    is_urban
FROM raw.area_profiles
WHERE valid_from IS NULL OR valid_from < {{ as_of_end }}
WINDOW
    newest_first AS (
        PARTITION BY area_code
        ORDER BY valid_from DESC NULLS LAST, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first = 1
