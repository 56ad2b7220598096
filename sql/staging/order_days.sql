-- what: one row is what one order of a known customer came to on one day, as far as its lines were known at the end of the as-of day
-- why: an amount counts on the day of its own line: what comes to an order later, such as a return, is of its own day and not of the order's
-- grain: customer
-- incremental: order_id
-- column customer_id: the buyer [id]
-- column order_id: order, invoice or basket; where lines of one order name two customers, each has an order of his own [id]
-- column line_date: the day of these lines; the first of an order is its order_date [date]
-- column ordered_at: first moment of the order on that day [date]
-- column line_count: lines of any kind, postage and fees included [unit=lines]
-- column purchase_line_count: lines of bought products [unit=lines]
-- column return_line_count: lines of returned or cancelled products [unit=lines]
-- column unit_count: units of bought products [unit=units]
-- column gross_amount: amount of bought products after discount; as all amounts here without postage, fees and other lines that are no product [unit=currency]
-- column discount_amount: discount on bought products [unit=currency]
-- column returned_amount: amount of returned or cancelled products; below zero only where discounts given back are larger [unit=currency]
-- column net_amount: gross_amount − returned_amount [unit=currency]
-- column channel_name: channel of the order on that day; the alphabetically first where its lines differ [category]
-- column country_name: country of the order on that day; the alphabetically first where its lines differ [category]
SELECT
    customer_id,
    order_id,
    CAST(ordered_at AS DATE) AS line_date,
    min(ordered_at) AS ordered_at,
    count(*) AS line_count,
    count(*) FILTER (WHERE is_product AND NOT is_return) AS purchase_line_count,
    count(*) FILTER (WHERE is_product AND is_return) AS return_line_count,
    CAST(coalesce(sum(quantity) FILTER (WHERE is_product AND NOT is_return), 0) AS DECIMAL(18, 3)) AS unit_count,
    CAST(coalesce(sum(line_amount) FILTER (WHERE is_product AND NOT is_return), 0) AS DECIMAL(18, 4)) AS gross_amount,
    CAST(
        coalesce(sum(discount_amount) FILTER (WHERE is_product AND NOT is_return), 0) AS DECIMAL(18, 4)
    ) AS discount_amount,
    CAST(coalesce(-sum(line_amount) FILTER (WHERE is_product AND is_return), 0) AS DECIMAL(18, 4)) AS returned_amount,
    CAST(coalesce(sum(line_amount) FILTER (WHERE is_product), 0) AS DECIMAL(18, 4)) AS net_amount,
    min(channel_name) AS channel_name,
    min(country_name) AS country_name
FROM staging.order_lines
WHERE customer_id IS NOT NULL
GROUP BY customer_id, order_id, CAST(ordered_at AS DATE)
