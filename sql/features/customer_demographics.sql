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
-- column income_band_name: income band as the source spells it; where it does not, by income_amount (written "under 15,000", "15,000-24,999", "25,000-34,999", "35,000-49,999", "50,000-74,999", "75,000-99,999", "100,000-149,999", "150,000+") [category]
-- column household_size_count: persons in the household [unit=persons]
-- column child_count: children in the household [unit=persons]
-- column customer_days: days since the customer registered; NULL: not known [unit=days; calendar]
-- column generation_name: by year of birth: greatest to 1927, silent 1928–1945, boomers 1946–1964, x 1965–1980, y 1981–1996, z 1997–2012 (Dimock 2019, Pew Research Center), alpha from 2013 on; NULL: day of birth not known [category; coarsens=birth_date]
-- column is_partnered: lives with a partner, read from common English, German, French and Spanish words for marital status; NULL: not known [flag]
-- column household_type_name: one person, couple (two adults), several adults; with children family, or single parent (one adult; where the number of adults is not known, who is not partnered). Adults are household_size_count − child_count, else two for the partnered and one for others; NULL: not known [category]
-- column life_stage_name: first that holds (after Wells and Gubar 1966, Journal of Marketing Research 3(4), p. 355): retired (says so as occupation, or 65 or older), young family (children at home, under 40), family (children at home), empty nest (several adults, 50 or older), couple (under 50), young single (one person, under 35), single (one person, 35 or older); where no day of birth is known, the age that the band begins with counts; NULL: not known, or none of these [category; coarsens=birth_date]
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
        CASE WHEN birth_date <= {{ as_of }} THEN year(birth_date) END AS birth_year,
        lower(trim(gender_code)) AS gender_text,
        lower(trim(marital_status_name)) AS marital_text,
        lower(trim(occupation_name)) IN (
            'retired', 'retiree', 'pensioner', 'rentner', 'rentnerin', 'ruhestand', 'im ruhestand', 'pensionär',
            'pensionärin', 'retraité', 'retraitée', 'jubilado', 'jubilada'
        ) AS is_retired,
        coalesce(child_count, CASE WHEN household_size_count = 1 THEN 0 END) AS known_child_count
    FROM staging.customers
),

situated AS (
    SELECT
        *,
        coalesce(age_years, try_cast(regexp_extract(age_band_name, '^\s*(\d{1,3})\b', 1) AS INTEGER)) AS stage_years,
        CASE
            WHEN
                marital_text IN (
                    'married', 'together', 'partnered', 'partner', 'cohabiting', 'cohabitation', 'civil partnership',
                    'registered partnership', 'in a relationship', 'verheiratet', 'eingetragene partnerschaft',
                    'lebensgemeinschaft', 'marié', 'mariée', 'pacsé', 'pacsée', 'casado', 'casada'
                )
                THEN TRUE
            WHEN
                marital_text IN (
                    'single', 'alone', 'unmarried', 'never married', 'divorced', 'separated', 'widowed', 'widow',
                    'widower', 'ledig', 'alleinstehend', 'geschieden', 'getrennt', 'verwitwet', 'célibataire',
                    'divorcé', 'divorcée', 'veuf', 'veuve', 'soltero', 'soltera', 'divorciado', 'divorciada', 'viudo',
                    'viuda'
                )
                THEN FALSE
        END AS is_partnered,
        -- As many children as persons is no household.
        CASE WHEN household_size_count > known_child_count THEN household_size_count - known_child_count END
            AS told_adult_count
    FROM described
),

housed AS (
    SELECT
        *,
        CASE
            WHEN known_child_count > 0 AND adult_count = 1 THEN 'single parent'
            WHEN known_child_count > 0 THEN 'family'
            WHEN known_child_count = 0 AND adult_count = 1 THEN 'one person'
            WHEN known_child_count = 0 AND adult_count = 2 THEN 'couple'
            WHEN known_child_count = 0 AND adult_count > 2 THEN 'several adults'
        END AS household_type_name
    FROM (
        SELECT
            *,
            coalesce(told_adult_count, CASE WHEN is_partnered THEN 2 WHEN NOT is_partnered THEN 1 END) AS adult_count
        FROM situated
    )
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
    CASE
        WHEN income_band_name IS NOT NULL THEN income_band_name
        WHEN income_amount < 15000 THEN 'under 15,000'
        WHEN income_amount < 25000 THEN '15,000-24,999'
        WHEN income_amount < 35000 THEN '25,000-34,999'
        WHEN income_amount < 50000 THEN '35,000-49,999'
        WHEN income_amount < 75000 THEN '50,000-74,999'
        WHEN income_amount < 100000 THEN '75,000-99,999'
        WHEN income_amount < 150000 THEN '100,000-149,999'
        WHEN income_amount >= 150000 THEN '150,000+'
    END AS income_band_name,
    household_size_count,
    child_count,
    {{ as_of }} - CAST(registered_at AS DATE) AS customer_days,
    CASE
        WHEN birth_year < 1928 THEN 'greatest'
        WHEN birth_year < 1946 THEN 'silent'
        WHEN birth_year < 1965 THEN 'boomers'
        WHEN birth_year < 1981 THEN 'x'
        WHEN birth_year < 1997 THEN 'y'
        WHEN birth_year < 2013 THEN 'z'
        WHEN birth_year >= 2013 THEN 'alpha'
    END AS generation_name,
    is_partnered,
    household_type_name,
    CASE
        WHEN is_retired OR stage_years >= 65 THEN 'retired'
        WHEN known_child_count > 0 AND stage_years < 40 THEN 'young family'
        WHEN known_child_count > 0 THEN 'family'
        WHEN household_type_name IN ('couple', 'several adults') AND stage_years >= 50 THEN 'empty nest'
        WHEN household_type_name = 'couple' AND stage_years < 50 THEN 'couple'
        WHEN household_type_name = 'one person' AND stage_years < 35 THEN 'young single'
        WHEN household_type_name = 'one person' AND stage_years >= 35 THEN 'single'
    END AS life_stage_name
FROM housed
