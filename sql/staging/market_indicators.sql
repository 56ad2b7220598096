-- what: one row is the value of one indicator of a place in one period, as reported by the end of the as-of day
-- why: markets move customers; a figure counts from the day on which it was reported, and as it was corrected last
-- grain: global
-- column indicator_name: what is measured [id]
-- column place_name: the area's code, else the country, else `everywhere` [id]
-- column country_name: the country; NULL: of an area, or everywhere [category]
-- column area_code: the area; NULL: of a country, or everywhere [id]
-- column period_date: last day of the period [date]
-- column reported_at: when it was reported; NULL: at the end of its period [date]
-- column indicator_value: the value
SELECT
    indicator_name,
    coalesce(area_code, country_name, 'everywhere') AS place_name,
    country_name,
    area_code,
    period_date,
    reported_at,
    indicator_value
FROM raw.market_indicators
WHERE period_date <= {{ as_of }} AND (reported_at IS NULL OR reported_at < {{ as_of_end }})
WINDOW
    newest_first AS (
        PARTITION BY indicator_name, country_name, area_code, period_date
        ORDER BY reported_at DESC NULLS LAST, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first = 1
