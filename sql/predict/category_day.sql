-- what: one row is a category that a customer bought from on one day
-- why: breadth tells who buys for one need only; like order_day it is made once for all snapshots
-- grain: customer
-- column customer_id: the buyer [id]
-- column line_date: the day [date]
-- column category_name: product category [category]
SELECT DISTINCT
    customer_id,
    CAST(ordered_at AS DATE) AS line_date,
    category_name
FROM staging.order_lines
WHERE customer_id IS NOT NULL AND category_name IS NOT NULL AND is_product AND NOT is_return
