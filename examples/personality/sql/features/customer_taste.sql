-- what: one row is what a customer's spending goes to
-- why: who buys wine and meat is talked to in another way than who buys gold products
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column wine_share: wine share; of all spending, as all shares here; NULL: nothing spent [unit=share]
-- column meat_and_fish_share: meat and fish share; of all spending [unit=share]
-- column gold_share: gold product share; of all spending [unit=share]
WITH spent AS (
    SELECT
        customer_id,
        nullif(sum(line_amount), 0) AS amount,
        coalesce(sum(line_amount) FILTER (WHERE category_name = 'Wine'), 0) AS wine_amount,
        coalesce(sum(line_amount) FILTER (WHERE category_name IN ('Meat', 'Fish')), 0) AS meat_and_fish_amount,
        coalesce(sum(line_amount) FILTER (WHERE category_name = 'Gold products'), 0) AS gold_amount
    FROM staging.order_lines
    WHERE is_product AND NOT is_return
    GROUP BY customer_id
)

SELECT
    customer_id,
    wine_amount / amount AS wine_share,
    meat_and_fish_amount / amount AS meat_and_fish_share,
    gold_amount / amount AS gold_share
FROM staging.customers
LEFT JOIN spent USING (customer_id)
