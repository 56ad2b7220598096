-- what: one row is how a customer stands to prices: what he buys on discount, and how dear what he chooses is
-- why: a discount is wasted on who pays full prices, and won back from who waits for one
-- owner: data engineering
-- grain: global
-- column customer_id: the company's own id of the customer [id]
-- column discount_order_share: orders with at least one discounted line ÷ all orders; lines whose discount is not known count as without one, here and below; NULL: never ordered [unit=share; range=0..1]
-- column discount_unit_share: units bought on discount ÷ units bought; NULL: no units bought [unit=share; range=0..1]
-- column discount_depth_share: discount ÷ amount before discount of the discounted lines, at most 1; NULL: none [unit=share; range=0..1]
-- column product_price_ratio: what he paid ÷ what the same units cost everybody on average, of products that others bought, too; NULL: none
-- column category_price_ratio: what he paid ÷ what as many units of the same categories cost everybody on average; NULL: no category is known
-- column cheap_line_share: lines of products of the cheapest third of their category, by the average price of a unit to 6 decimals ÷ lines of products of categories with three products or more, not all of one price; NULL: none [unit=share; range=0..1]
-- column dear_line_share: lines of products of the dearest third of their category ÷ the same lines; NULL: none [unit=share; range=0..1]
WITH
bought AS (
    SELECT
        customer_id,
        product_id,
        category_name,
        count(*) AS line_count,
        sum(quantity) AS unit_count,
        sum(line_amount) AS amount
    FROM staging.order_lines
    -- So that no sum of units is zero.
    WHERE is_product AND NOT is_return AND quantity > 0 AND line_amount > 0
    GROUP BY customer_id, product_id, category_name
),

product_prices AS (
    SELECT
        product_id,
        sum(amount) / sum(unit_count) AS price
    FROM bought
    WHERE product_id IS NOT NULL
    GROUP BY product_id
    -- One buyer alone is neither dear nor cheap; who is not known is another.
    HAVING min(coalesce(customer_id, '')) <> max(coalesce(customer_id, ''))
),

category_prices AS (
    SELECT
        category_name,
        sum(amount) / sum(unit_count) AS price
    FROM bought
    WHERE category_name IS NOT NULL
    GROUP BY category_name
),

shelf AS (
    SELECT
        category_name,
        product_id,
        CAST(sum(amount) / sum(unit_count) AS DECIMAL(18, 6)) AS price
    FROM bought
    WHERE category_name IS NOT NULL AND product_id IS NOT NULL
    GROUP BY category_name, product_id
),

-- Products of one price stand in one third.
tiers AS (
    SELECT
        category_name,
        product_id,
        3 * (rank() OVER cheapest_first - 1) < count(*) OVER category AS is_cheap,
        3 * (rank() OVER dearest_first - 1) < count(*) OVER category AS is_dear
    FROM shelf
    WINDOW
        cheapest_first AS (PARTITION BY category_name ORDER BY price ASC),
        dearest_first AS (PARTITION BY category_name ORDER BY price DESC),
        category AS (PARTITION BY category_name)
    QUALIFY count(*) OVER category >= 3 AND min(price) OVER category < max(price) OVER category
),

compared AS (
    SELECT
        bought.customer_id,
        sum(bought.amount) FILTER (WHERE product_prices.price IS NOT NULL) AS product_paid_amount,
        sum(bought.amount) FILTER (WHERE category_prices.price IS NOT NULL) AS category_paid_amount,
        -- Each term is rounded to a decimal: sums of decimals are the same in any order, sums of floats are not.
        sum(CAST(bought.unit_count * product_prices.price AS DECIMAL(38, 12))) AS product_average_amount,
        sum(CAST(bought.unit_count * category_prices.price AS DECIMAL(38, 12))) AS category_average_amount,
        sum(bought.line_count) FILTER (WHERE tiers.is_cheap IS NOT NULL) AS tier_line_count,
        sum(bought.line_count) FILTER (WHERE tiers.is_cheap) AS cheap_line_count,
        sum(bought.line_count) FILTER (WHERE tiers.is_dear) AS dear_line_count
    FROM bought
    LEFT JOIN product_prices ON bought.product_id = product_prices.product_id
    LEFT JOIN category_prices ON bought.category_name = category_prices.category_name
    LEFT JOIN tiers ON bought.category_name = tiers.category_name AND bought.product_id = tiers.product_id
    WHERE bought.customer_id IS NOT NULL
    GROUP BY bought.customer_id
),

discounts AS (
    SELECT
        customer_id,
        sum(quantity) AS unit_count,
        coalesce(sum(quantity) FILTER (WHERE discount_amount > 0), 0) AS discount_unit_count,
        sum(discount_amount) FILTER (WHERE discount_amount > 0) AS discount_amount,
        sum(line_amount) FILTER (WHERE discount_amount > 0) AS discounted_amount
    FROM staging.order_lines
    WHERE customer_id IS NOT NULL AND is_product AND NOT is_return
    GROUP BY customer_id
),

ordered AS (
    SELECT
        customer_id,
        count(*) AS order_count,
        count(*) FILTER (WHERE discount_amount > 0) AS discount_order_count
    FROM staging.orders
    WHERE is_purchase
    GROUP BY customer_id
)

SELECT
    customer_id,
    CASE WHEN order_count > 0 THEN discount_order_count / order_count END AS discount_order_share,
    CASE WHEN unit_count > 0 THEN discount_unit_count / unit_count END AS discount_unit_share,
    CASE
        WHEN discounted_amount <= 0 THEN 1
        WHEN discounted_amount > 0 THEN discount_amount / (discounted_amount + discount_amount)
    END AS discount_depth_share,
    CASE WHEN product_average_amount > 0 THEN product_paid_amount / product_average_amount END AS product_price_ratio,
    CASE
        WHEN category_average_amount > 0 THEN category_paid_amount / category_average_amount
    END AS category_price_ratio,
    CASE WHEN tier_line_count > 0 THEN coalesce(cheap_line_count, 0) / tier_line_count END AS cheap_line_share,
    CASE WHEN tier_line_count > 0 THEN coalesce(dear_line_count, 0) / tier_line_count END AS dear_line_share
FROM staging.customers
LEFT JOIN compared USING (customer_id)
LEFT JOIN discounts USING (customer_id)
LEFT JOIN ordered USING (customer_id)
