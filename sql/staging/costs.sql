-- what: one row is one cost, in the newest version known at the end of the as-of day
-- why: revenue is not worth: what a customer buys, and what is spent on him, costs something
-- grain: global
-- column cost_id: the cost [id]
-- column incurred_at: from when it holds, or when it was spent [date]
-- column cost_kind_name: what costs: unit (of product_id), order (on channel_name), customer (customer_id) [category]
-- column product_id: of a cost by unit: the product [id]
-- column channel_name: of a cost by order: the channel; NULL: every channel that has none of its own [category]
-- column customer_id: of a cost spent on a customer: who [id]
-- column cost_amount: what it costs: a unit, an order, or in all [unit=currency]
-- column purpose_name: what for [category]
SELECT
    cost_id,
    incurred_at,
    cost_kind_name,
    product_id,
    channel_name,
    customer_id,
    cost_amount,
    purpose_name
FROM raw.costs
WHERE incurred_at < {{ as_of_end }}
WINDOW
    newest_first AS (
        PARTITION BY cost_id ORDER BY incurred_at DESC, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first = 1
