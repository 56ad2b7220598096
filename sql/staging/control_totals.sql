-- what: one row is what another system says a source of order lines came to on one day, in its newest statement known at the end of the as-of day
-- why: revenue that two systems tell alike can be relied on
-- grain: global
-- column controlled_source_name: the source of order lines that the statement is about [id]
-- column control_date: the day that is stated [date]
-- column reported_at: when the other system said so; NULL: always known [date]
-- column line_count: lines of that day; NULL: not stated [unit=lines]
-- column order_count: different orders with a line of that day; NULL: not stated [unit=orders]
-- column net_amount: amount of all lines of that day, returns and cancellations negative; NULL: not stated [unit=currency]
SELECT
    controlled_source_name,
    control_date,
    reported_at,
    line_count,
    order_count,
    net_amount
FROM raw.control_totals
WHERE control_date <= {{ as_of }} AND (reported_at IS NULL OR reported_at < {{ as_of_end }})
WINDOW
    newest_first AS (
        PARTITION BY controlled_source_name, control_date
        ORDER BY reported_at DESC NULLS LAST, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first = 1
