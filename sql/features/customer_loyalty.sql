-- what: one row is what a customer keeps to from order to order: his category and his brands
-- why: who keeps to a brand needs no discount on it, and who switches can be won
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column category_switch_share: orders whose main category (that of the line of the largest amount, in a tie the alphabetically first) is another than that of the order before ÷ orders with one before, where the category is known; NULL: fewer than two such orders [unit=share; range=0..1]
-- column brand_switch_share: orders whose main brand is another than that of the order before ÷ orders with one before, where the brand is known; NULL: fewer than two such orders [unit=share; range=0..1]
-- column brand_count: different brands bought [unit=brands; cumulative]
-- column top_brand_name: brand of the largest amount, in a tie the alphabetically first; NULL: no amount of a known brand [category]
-- column top_brand_share: its part of the amount of known brands; NULL: no such amount [unit=share; range=0..1]
WITH
{%- for kind in ['category', 'brand'] %}
{{ kind }}_of_order AS (
    SELECT
        customer_id,
        order_id,
        min(ordered_at) AS ordered_at,
        min((-line_amount, {{ kind }}_name))[2] AS main_name
    FROM staging.order_lines
    WHERE customer_id IS NOT NULL AND {{ kind }}_name IS NOT NULL AND is_product AND NOT is_return
    GROUP BY customer_id, order_id
),

{{ kind }}_steps AS (
    SELECT
        customer_id,
        main_name <> lag(main_name) OVER (PARTITION BY customer_id ORDER BY ordered_at, order_id) AS is_switch
    FROM {{ kind }}_of_order
),

{{ kind }}_switches AS (
    SELECT
        customer_id,
        count(is_switch) AS {{ kind }}_step_count,
        count(*) FILTER (WHERE is_switch) AS {{ kind }}_switch_count
    FROM {{ kind }}_steps
    GROUP BY customer_id
),
{%- endfor %}

by_brand AS (
    SELECT
        customer_id,
        brand_name,
        sum(line_amount) AS amount
    FROM staging.order_lines
    WHERE customer_id IS NOT NULL AND brand_name IS NOT NULL AND is_product AND NOT is_return
    GROUP BY customer_id, brand_name
),

brands AS (
    SELECT
        customer_id,
        count(*) AS brand_count,
        sum(amount) FILTER (WHERE amount > 0) AS brand_amount,
        min((-amount, brand_name)) FILTER (WHERE amount > 0) AS top_brand
    FROM by_brand
    GROUP BY customer_id
)

SELECT
    customer_id,
    CASE WHEN category_step_count > 0 THEN category_switch_count / category_step_count END AS category_switch_share,
    CASE WHEN brand_step_count > 0 THEN brand_switch_count / brand_step_count END AS brand_switch_share,
    coalesce(brand_count, 0) AS brand_count,
    top_brand[2] AS top_brand_name,
    CASE WHEN brand_amount > 0 THEN -top_brand[1] / brand_amount END AS top_brand_share
FROM staging.customers
LEFT JOIN category_switches USING (customer_id)
LEFT JOIN brand_switches USING (customer_id)
LEFT JOIN brands USING (customer_id)
