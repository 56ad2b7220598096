-- what: one row is where a customer lives, and what is known of that area
-- why: climate, income and distance shape what is bought; campaigns and law go by country
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column country_name: country of the record, else of most orders and returns (in a tie the alphabetically first), else of the area [category]
-- column region_name: region of the record, else of the area [category]
-- column city_name: city of the record [category]
-- column is_multi_country: ordered or returned in more than one country [flag]
-- column area_population_count: inhabitants of the area; NULL as all area columns: no area, or none known of it [unit=persons]
-- column area_median_income_amount: median yearly household income of the area [unit=currency]
-- column area_poverty_share: share of the area's inhabitants in poverty [unit=share; range=0..1]
-- column is_urban: the area is metropolitan [flag]
-- column area_name: name of the area [category]
-- column area_unemployment_share: share of the area's labour force without work [unit=share; range=0..1]
-- column area_population_class_name: by inhabitants of the area: rural under 5,000, small town under 20,000, medium town under 100,000 (limits of the German BBSR), city under 1 million, metropolis [category]
-- column area_income_ratio: area_median_income_amount ÷ the mean of that of all areas of its country, each counted with its inhabitants; NULL: one of them is not known
-- column income_to_area_ratio: income of the customer's household ÷ area_median_income_amount; NULL: one of them is not known
WITH
by_country AS (
    SELECT
        customer_id,
        country_name,
        count(*) AS order_count
    FROM staging.orders
    WHERE country_name IS NOT NULL
    GROUP BY customer_id, country_name
),

ordered AS (
    SELECT
        customer_id,
        min((-order_count, country_name)) AS top_country,
        count(*) AS country_count
    FROM by_country
    GROUP BY customer_id
),

countries AS (
    SELECT
        country_name,
        sum(median_income_amount * population_count) / sum(population_count) AS income_amount
    FROM staging.area_profiles
    -- So that no sum of inhabitants is zero.
    WHERE median_income_amount IS NOT NULL AND population_count > 0
    GROUP BY country_name
)

SELECT
    customers.customer_id,
    coalesce(customers.country_name, ordered.top_country[2], areas.country_name) AS country_name,
    coalesce(customers.region_name, areas.region_name) AS region_name,
    customers.city_name,
    coalesce(ordered.country_count > 1, FALSE) AS is_multi_country,
    areas.population_count AS area_population_count,
    areas.median_income_amount AS area_median_income_amount,
    areas.poverty_share AS area_poverty_share,
    areas.is_urban,
    areas.area_name,
    areas.unemployment_share AS area_unemployment_share,
    CASE
        WHEN areas.population_count < 5000 THEN 'rural'
        WHEN areas.population_count < 20000 THEN 'small town'
        WHEN areas.population_count < 100000 THEN 'medium town'
        WHEN areas.population_count < 1000000 THEN 'city'
        WHEN areas.population_count >= 1000000 THEN 'metropolis'
    END AS area_population_class_name,
    CASE
        WHEN countries.income_amount > 0 THEN areas.median_income_amount / countries.income_amount
    END AS area_income_ratio,
    CASE
        WHEN areas.median_income_amount > 0 THEN customers.income_amount / areas.median_income_amount
    END AS income_to_area_ratio
FROM staging.customers AS customers
LEFT JOIN ordered ON customers.customer_id = ordered.customer_id
LEFT JOIN staging.area_profiles AS areas ON customers.area_code = areas.area_code
LEFT JOIN countries ON areas.area_code IS NOT NULL AND areas.country_name IS NOT DISTINCT FROM countries.country_name
