-- what: one row is one customer known at the end of the as-of day, as his newest record of that time describes him
-- why: every customer feature has one row for each of these; who bought without a record is here too, so that no revenue is lost
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column updated_at: when this version of the record became true; NULL: always [date]
-- column registered_at: when the customer became one; records of a later registration are not seen [date]
-- column full_name: name [id]
-- column email_address: e-mail [id]
-- column phone_number: telephone [id]
-- column birth_date: day of birth; NULL too where that is more than 110 years before the as-of day [date]
-- column gender_code: as the source spells it [category]
-- column education_name: highest education [category]
-- column marital_status_name: marital status [category]
-- column occupation_name: occupation [category]
-- column income_amount: yearly household income [unit=currency]
-- column income_band_name: income band, where only a band is known [category]
-- column age_band_name: age band, where only a band is known [category]
-- column household_size_count: persons in the household [unit=persons]
-- column child_count: children in the household [unit=persons]
-- column country_name: country [category]
-- column region_name: region or state [category]
-- column city_name: city [category]
-- column area_code: key into area_profiles [id]
-- column is_declared: false: no record, seen only in order_lines; all but customer_id is NULL [flag]
WITH
declared AS (
    SELECT *
    FROM raw.customers
    WHERE
        (updated_at IS NULL OR updated_at < {{ as_of_end }})
        AND (registered_at IS NULL OR registered_at < {{ as_of_end }})
    WINDOW
        newest_first AS (
            PARTITION BY customer_id
            ORDER BY updated_at DESC NULLS LAST, load_no DESC, row_number DESC, source_name DESC
        )
    QUALIFY row_number() OVER newest_first = 1
),

buyers AS (
    SELECT DISTINCT customer_id
    FROM staging.orders
)

SELECT
    customer_id,
    updated_at,
    registered_at,
    full_name,
    email_address,
    phone_number,
    CASE WHEN birth_date >= {{ as_of }} - INTERVAL 110 YEAR THEN birth_date END AS birth_date,
    gender_code,
    education_name,
    marital_status_name,
    occupation_name,
    income_amount,
    income_band_name,
    age_band_name,
    household_size_count,
    child_count,
    country_name,
    region_name,
    city_name,
    area_code,
    declared.customer_id IS NOT NULL AS is_declared
FROM declared
FULL JOIN buyers USING (customer_id)
