-- what: one row is who a customer is, as his newest record at the as-of day tells
-- why: needs and means go with the stage of life; says whom a segment is made of
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column age_years: full years of age at the as-of day; NULL: day of birth not known [unit=years; coarsens=birth_date]
-- column age_band_name: under 18, 18–24, 25–34, … by age_years (written "under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"); where the day of birth is not known, the band as the source spells it [category; coarsens=birth_date]
-- column gender_code: f, m or x, read from common English, German, French and Spanish spellings; NULL: not known [category]
-- column education_name: highest education [category]
-- column marital_status_name: marital status [category]
-- column occupation_name: occupation [category]
-- column income_amount: yearly household income [unit=currency]
-- column income_band_name: income band as the source spells it [category]
-- column household_size_count: persons in the household [unit=persons]
-- column child_count: children in the household [unit=persons]
-- column customer_days: days since the customer registered; NULL: not known [unit=days; calendar]
WITH
described AS (
    SELECT
        customer_id,
        registered_at,
        age_band_name,
        education_name,
        marital_status_name,
        occupation_name,
        income_amount,
        income_band_name,
        household_size_count,
        child_count,
        CASE WHEN birth_date <= {{ as_of }} THEN date_sub('year', birth_date, {{ as_of }}) END AS age_years,
        lower(trim(gender_code)) AS gender_text
    FROM staging.customers
)

SELECT
    customer_id,
    age_years,
    CASE
        WHEN age_years IS NULL THEN age_band_name
        WHEN age_years < 18 THEN 'under 18'
        WHEN age_years < 25 THEN '18-24'
        WHEN age_years < 35 THEN '25-34'
        WHEN age_years < 45 THEN '35-44'
        WHEN age_years < 55 THEN '45-54'
        WHEN age_years < 65 THEN '55-64'
        ELSE '65+'
    END AS age_band_name,
    CASE
        WHEN gender_text IN ('f', 'female', 'w', 'woman', 'weiblich', 'frau', 'femme', 'féminin', 'mujer', 'femenino')
            THEN 'f'
        WHEN gender_text IN ('m', 'male', 'man', 'männlich', 'mann', 'herr', 'homme', 'masculin', 'hombre', 'masculino')
            THEN 'm'
        WHEN gender_text IN ('x', 'd', 'divers', 'diverse', 'nonbinary', 'non-binary', 'non binary', 'other', 'o')
            THEN 'x'
    END AS gender_code,
    education_name,
    marital_status_name,
    occupation_name,
    income_amount,
    income_band_name,
    household_size_count,
    child_count,
    {{ as_of }} - CAST(registered_at AS DATE) AS customer_days
FROM described
