-- what: one row is what one order of a known customer came to on one day
-- why: snapshots of many past dates are taken from it, so that all lines are read once; by day, for a line that came to an order later must not be seen before
-- grain: customer
-- column customer_id: the buyer [id]
-- column order_id: order, invoice or basket [id]
-- column order_date: the day [date]
-- column purchase_line_count: lines of bought products [unit=lines]
-- column unit_count: units of bought products [unit=units]
-- column gross_amount: amount of bought products after discount [unit=currency]
-- column discount_amount: discount on bought products [unit=currency]
-- column returned_amount: amount of returned or cancelled products; below zero only where discounts given back are larger [unit=currency]
-- column channel_name: channel of the order on that day; the alphabetically first where its lines differ [category]
SELECT
    customer_id,
    order_id,
    CAST(ordered_at AS DATE) AS order_date,
    count(*) FILTER (WHERE is_product AND NOT is_return) AS purchase_line_count,
    CAST(coalesce(sum(quantity) FILTER (WHERE is_product AND NOT is_return), 0) AS DECIMAL(18, 3)) AS unit_count,
    CAST(coalesce(sum(line_amount) FILTER (WHERE is_product AND NOT is_return), 0) AS DECIMAL(18, 4)) AS gross_amount,
    CAST(
        coalesce(sum(discount_amount) FILTER (WHERE is_product AND NOT is_return), 0) AS DECIMAL(18, 4)
    ) AS discount_amount,
    CAST(coalesce(-sum(line_amount) FILTER (WHERE is_product AND is_return), 0) AS DECIMAL(18, 4)) AS returned_amount,
    min(channel_name) AS channel_name
FROM staging.order_lines
WHERE customer_id IS NOT NULL
GROUP BY customer_id, order_id, CAST(ordered_at AS DATE)
