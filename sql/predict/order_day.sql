-- what: one row is what one order of a known customer came to on one day, with the day that the order is of
-- why: snapshots of many past dates are taken from it; by day, for a line that came to an order later must not be seen before. The order's day is the same at each of them, for no line of it comes before the first
-- grain: customer
-- column customer_id: the buyer [id]
-- column order_id: order, invoice or basket [id]
-- column order_date: day of the order: of its first line [date]
-- column line_date: day of these lines, which their amounts count on [date]
-- column purchase_line_count: lines of bought products [unit=lines]
-- column unit_count: units of bought products [unit=units]
-- column gross_amount: amount of bought products after discount [unit=currency]
-- column discount_amount: discount on bought products [unit=currency]
-- column returned_amount: amount of returned or cancelled products; below zero only where discounts given back are larger [unit=currency]
-- column net_amount: gross_amount − returned_amount [unit=currency]
-- column channel_name: channel of the order on that day; the alphabetically first where its lines differ [category]
SELECT
    days.customer_id,
    days.order_id,
    orders.order_date,
    days.line_date,
    days.purchase_line_count,
    days.unit_count,
    days.gross_amount,
    days.discount_amount,
    days.returned_amount,
    days.net_amount,
    days.channel_name
FROM staging.order_days AS days
INNER JOIN staging.orders AS orders ON days.customer_id = orders.customer_id AND days.order_id = orders.order_id
