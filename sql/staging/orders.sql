-- what: one row is one order of a known customer, as far as its lines were known at the end of the as-of day
-- why: most features ask about orders as a whole; they read this table instead of all lines
-- grain: customer
-- incremental: order_id
-- column customer_id: the buyer [id]
-- column order_id: order, invoice or basket; where lines of one order name two customers, each has an order of his own [id]
-- column ordered_at: first moment of the order [date]
-- column order_date: day of ordered_at; as a whole, such as in counts, an order is of this day, its amounts are of the days of their lines (order_days) [date]
-- column is_purchase: at least one product was bought [flag]
-- column is_return_only: products were returned or cancelled, and none bought [flag]
-- column line_count: lines of any kind, postage and fees included [unit=lines]
-- column purchase_line_count: lines of bought products [unit=lines]
-- column return_line_count: lines of returned or cancelled products [unit=lines]
-- column unit_count: units of bought products [unit=units]
-- column gross_amount: amount of bought products after discount; as all amounts here without postage, fees and other lines that are no product [unit=currency]
-- column discount_amount: discount on bought products [unit=currency]
-- column returned_amount: amount of returned or cancelled products; below zero only where discounts given back are larger [unit=currency]
-- column net_amount: gross_amount − returned_amount [unit=currency]
-- column channel_name: channel of the order; the alphabetically first where its lines differ [category]
-- column country_name: country of the order; the alphabetically first where its lines differ [category]
SELECT
    customer_id,
    order_id,
    min(ordered_at) AS ordered_at,
    min(line_date) AS order_date,
    sum(purchase_line_count) > 0 AS is_purchase,
    sum(return_line_count) > 0 AND sum(purchase_line_count) = 0 AS is_return_only,
    CAST(sum(line_count) AS BIGINT) AS line_count,
    CAST(sum(purchase_line_count) AS BIGINT) AS purchase_line_count,
    CAST(sum(return_line_count) AS BIGINT) AS return_line_count,
    CAST(sum(unit_count) AS DECIMAL(18, 3)) AS unit_count,
    CAST(sum(gross_amount) AS DECIMAL(18, 4)) AS gross_amount,
    CAST(sum(discount_amount) AS DECIMAL(18, 4)) AS discount_amount,
    CAST(sum(returned_amount) AS DECIMAL(18, 4)) AS returned_amount,
    CAST(sum(net_amount) AS DECIMAL(18, 4)) AS net_amount,
    min(channel_name) AS channel_name,
    min(country_name) AS country_name
FROM staging.order_days
GROUP BY customer_id, order_id
