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
-- column area_poverty_share: share of the area's inhabitants in poverty [unit=share]
-- column is_urban: the area is metropolitan [flag]
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
    areas.is_urban
FROM staging.customers AS customers
LEFT JOIN ordered ON customers.customer_id = ordered.customer_id
LEFT JOIN staging.area_profiles AS areas ON customers.area_code = areas.area_code
