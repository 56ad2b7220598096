-- what: one row is what a customer did in the days after a past day, of all who did anything
-- why: it is what a model learns to foretell, and what it is tested on; by the end of these days it is what a snapshot says of as many days
-- grain: customer
-- column customer_id: the buyer [id]
-- column order_count: orders whose first line is of these days, with at least one bought product in them [unit=orders]
-- column net_amount: amount of bought products minus returned ones of these days [unit=currency]
SELECT
    customer_id,
    count(DISTINCT order_id) FILTER (WHERE purchase_line_count > 0 AND order_date > {{ cut_off }}) AS order_count,
    CAST(sum(net_amount) AS DECIMAL(18, 4)) AS net_amount
FROM order_day
WHERE line_date > {{ cut_off }} AND line_date <= {{ until }}
GROUP BY customer_id
