-- what: one row is what a customer keeps to: categories, brands and products
-- why: who keeps to a brand needs no discount on it, who switches can be won, and a favourite is what a message begins with
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column second_category_name: category of the second largest amount, in a tie the alphabetically first; NULL: fewer than two with an amount above zero [category]
-- column second_category_share: its part of the amount in known categories; NULL: fewer than two with an amount above zero [unit=share]
-- column category_switch_share: orders whose main category (of the largest amount, in a tie the alphabetically first) is another than that of the order before ÷ orders with one before, where the category is known; NULL: fewer than two such orders [unit=share]
-- column brand_count: different brands bought [unit=brands; cumulative]
-- column top_brand_name: brand of the largest amount, in a tie the alphabetically first; NULL: no amount of a known brand [category]
-- column top_brand_share: its part of the amount of known brands; NULL: no such amount [unit=share]
-- column brand_switch_share: orders whose main brand is another than that of the order before ÷ orders with one before, where the brand is known; NULL: fewer than two such orders [unit=share]
-- column favourite_product_id: product bought in most orders, in a tie that of the larger amount, then the alphabetically first; NULL: no product is known [id]
-- column favourite_product_name: its name, the alphabetically last where the source spells it in several ways; NULL: not known [category]
-- column favourite_product_share: orders with it ÷ orders with a known product; NULL: no product is known [unit=share]
-- column repeat_product_share: products bought in two orders or more ÷ different products bought; NULL: no product is known [unit=share]
WITH
{%- for kind in ['category', 'brand'] %}
{{ kind }}_in_order AS (
    SELECT
        customer_id,
        order_id,
        {{ kind }}_name,
        min(ordered_at) AS ordered_at,
        sum(line_amount) AS amount
    FROM staging.order_lines
    WHERE customer_id IS NOT NULL AND {{ kind }}_name IS NOT NULL AND is_product AND NOT is_return
    GROUP BY customer_id, order_id, {{ kind }}_name
),

{{ kind }}_of_order AS (
    SELECT
        customer_id,
        order_id,
        min(ordered_at) AS ordered_at,
        min((-amount, {{ kind }}_name))[2] AS main_name
    FROM {{ kind }}_in_order
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

{{ kind }}_sums AS (
    SELECT
        customer_id,
        {{ kind }}_name,
        sum(amount) AS amount
    FROM {{ kind }}_in_order
    GROUP BY customer_id, {{ kind }}_name
),

{{ kind }}_ranks AS (
    SELECT
        customer_id,
        count(*) AS {{ kind }}_count,
        sum(amount) FILTER (WHERE amount > 0) AS {{ kind }}_amount,
        -- The two largest; a list of one has no second.
        min((-amount, {{ kind }}_name), 2) FILTER (WHERE amount > 0) AS {{ kind }}_tops
    FROM {{ kind }}_sums
    GROUP BY customer_id
),
{%- endfor %}

product_in_order AS (
    SELECT
        customer_id,
        product_id,
        order_id,
        max(product_name) AS product_name,
        sum(line_amount) AS amount
    FROM staging.order_lines
    WHERE customer_id IS NOT NULL AND product_id IS NOT NULL AND is_product AND NOT is_return
    GROUP BY customer_id, product_id, order_id
),

products AS (
    SELECT
        customer_id,
        product_id,
        max(product_name) AS product_name,
        count(*) AS order_count,
        sum(amount) AS amount
    FROM product_in_order
    GROUP BY customer_id, product_id
),

favourites AS (
    SELECT
        customer_id,
        count(*) AS product_count,
        count(*) FILTER (WHERE order_count > 1) AS repeat_product_count,
        min((-order_count, -amount, product_id, product_name)) AS favourite
    FROM products
    GROUP BY customer_id
),

product_orders AS (
    SELECT
        customer_id,
        count(DISTINCT order_id) AS product_order_count
    FROM product_in_order
    GROUP BY customer_id
)

SELECT
    customer_id,
    category_tops[2][2] AS second_category_name,
    CASE WHEN category_amount > 0 THEN -category_tops[2][1] / category_amount END AS second_category_share,
    CASE WHEN category_step_count > 0 THEN category_switch_count / category_step_count END AS category_switch_share,
    coalesce(brand_count, 0) AS brand_count,
    brand_tops[1][2] AS top_brand_name,
    CASE WHEN brand_amount > 0 THEN -brand_tops[1][1] / brand_amount END AS top_brand_share,
    CASE WHEN brand_step_count > 0 THEN brand_switch_count / brand_step_count END AS brand_switch_share,
    favourite[3] AS favourite_product_id,
    favourite[4] AS favourite_product_name,
    CASE WHEN product_order_count > 0 THEN -favourite[1] / product_order_count END AS favourite_product_share,
    CASE WHEN product_count > 0 THEN repeat_product_count / product_count END AS repeat_product_share
FROM staging.customers
LEFT JOIN category_switches USING (customer_id)
LEFT JOIN category_ranks USING (customer_id)
LEFT JOIN brand_switches USING (customer_id)
LEFT JOIN brand_ranks USING (customer_id)
LEFT JOIN favourites USING (customer_id)
LEFT JOIN product_orders USING (customer_id)
