-- what: one row is what a customer did in the days after a past day, of all who did anything
-- why: it is what a model learns to foretell, and what it is tested on
-- grain: customer
-- column customer_id: the buyer [id]
-- column order_count: orders of these days with at least one bought product [unit=orders]
-- column net_amount: amount of bought products minus returned ones of these days [unit=currency]
SELECT
    customer_id,
    count(DISTINCT order_id) FILTER (WHERE purchase_line_count > 0) AS order_count,
    CAST(sum(gross_amount - returned_amount) AS DECIMAL(18, 4)) AS net_amount
FROM order_day
WHERE order_date > {{ cut_off }} AND order_date <= {{ until }}
GROUP BY customer_id
