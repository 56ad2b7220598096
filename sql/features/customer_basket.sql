-- what: one row is what a customer's orders are made of: breadth, main categories, favourites, size, discounts
-- why: tells the specialist from the all-rounder and the bargain hunter from the full payer
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column product_count: different products bought [unit=products; cumulative]
-- column category_count: different categories bought from [unit=categories; cumulative]
-- column category_entropy: Shannon entropy of the amounts by category; 0: one category; NULL: no amount in a known category [unit=bits]
-- column top_category_name: category of the largest amount, in a tie the alphabetically first; NULL: no amount in a known category [category]
-- column top_category_share: its part of the amount in known categories; NULL: no such amount [unit=share; range=0..1]
-- column units_per_order: mean units of an order; NULL: never ordered [unit=units]
-- column lines_per_order: mean lines of bought products of an order; NULL: never ordered [unit=lines]
-- column discount_share: discount ÷ amount before discount, at most 1; NULL: nothing bought for money [unit=share; range=0..1]
-- column second_category_name: category of the second largest amount, in a tie the alphabetically first; NULL: fewer than two with an amount [category]
-- column second_category_share: its part of the amount in known categories; NULL: fewer than two with an amount [unit=share; range=0..1]
-- column favourite_product_id: product of most lines, in a tie that of the larger amount, then the alphabetically first; NULL: no product is known [id]
-- column favourite_product_name: its name, the alphabetically last where the source spells it in several ways; NULL: not known [category]
-- column favourite_product_share: lines of it ÷ lines of known products; NULL: no product is known [unit=share; range=0..1]
-- column repeat_product_share: products bought on two days or more ÷ different products bought; NULL: no product is known [unit=share; range=0..1]
WITH
by_product AS (
    SELECT
        customer_id,
        product_id,
        max(product_name) AS product_name,
        count(*) AS line_count,
        sum(line_amount) AS amount,
        CAST(min(ordered_at) AS DATE) < CAST(max(ordered_at) AS DATE) AS is_repeated
    FROM staging.order_lines
    WHERE customer_id IS NOT NULL AND product_id IS NOT NULL AND is_product AND NOT is_return
    GROUP BY customer_id, product_id
),

products AS (
    SELECT
        customer_id,
        count(*) AS product_count,
        count(*) FILTER (WHERE is_repeated) AS repeat_product_count,
        sum(line_count) AS product_line_count,
        min((-line_count, -amount, product_id, product_name)) AS favourite
    FROM by_product
    GROUP BY customer_id
),

by_category AS (
    SELECT
        customer_id,
        category_name,
        sum(line_amount) AS amount
    FROM staging.order_lines
    WHERE customer_id IS NOT NULL AND category_name IS NOT NULL AND is_product AND NOT is_return
    GROUP BY customer_id, category_name
),

categories AS (
    SELECT
        customer_id,
        count(*) AS category_count,
        count(*) FILTER (WHERE amount > 0) AS paid_category_count,
        sum(amount) FILTER (WHERE amount > 0) AS amount,
        -- The two largest; a list of one has no second.
        min((-amount, category_name), 2) FILTER (WHERE amount > 0) AS tops,
        -- Each term is rounded to a decimal: sums of decimals are the same in any order, sums of floats are not. In
        -- ten-thousandths, the unit of amounts, the terms are so large that rounding does not show.
        sum(
            CASE WHEN amount > 0 THEN CAST(10000 * amount * log2(10000 * amount) AS DECIMAL(38, 12)) END
        ) AS amount_log_sum
    FROM by_category
    GROUP BY customer_id
),

sizes AS (
    SELECT
        customer_id,
        count(*) AS order_count,
        sum(unit_count) AS unit_count,
        sum(purchase_line_count) AS line_count,
        sum(discount_amount) AS discount_amount,
        sum(gross_amount) AS gross_amount
    FROM staging.orders
    WHERE is_purchase
    GROUP BY customer_id
)

SELECT
    customer_id,
    coalesce(product_count, 0) AS product_count,
    coalesce(category_count, 0) AS category_count,
    -- −Σ p log p with p = a/A is log A − Σ a log a / A.
    CASE
        WHEN paid_category_count = 1 THEN 0
        WHEN paid_category_count > 1
            THEN greatest(0, log2(10000 * categories.amount) - amount_log_sum / (10000 * categories.amount))
    END AS category_entropy,
    tops[1][2] AS top_category_name,
    CASE WHEN paid_category_count > 0 THEN -tops[1][1] / categories.amount END AS top_category_share,
    CASE WHEN order_count > 0 THEN unit_count / order_count END AS units_per_order,
    CASE WHEN order_count > 0 THEN line_count / order_count END AS lines_per_order,
    CASE
        WHEN discount_amount > 0 AND gross_amount <= 0 THEN 1
        WHEN gross_amount > 0 THEN discount_amount / (gross_amount + discount_amount)
    END AS discount_share,
    tops[2][2] AS second_category_name,
    CASE WHEN paid_category_count > 0 THEN -tops[2][1] / categories.amount END AS second_category_share,
    favourite[3] AS favourite_product_id,
    favourite[4] AS favourite_product_name,
    CASE WHEN product_line_count > 0 THEN -favourite[1] / product_line_count END AS favourite_product_share,
    CASE WHEN product_count > 0 THEN repeat_product_count / product_count END AS repeat_product_share
FROM staging.customers
LEFT JOIN products USING (customer_id)
LEFT JOIN categories USING (customer_id)
LEFT JOIN sizes USING (customer_id)
