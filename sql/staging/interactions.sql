-- what: one row is one contact that a customer made, in the newest version known at the end of the as-of day
-- why: who looks, asks and calls without buying is a customer too; sources repeat and correct what they log
-- grain: global
-- incremental: interaction_id
-- column interaction_id: the interaction [id]
-- column customer_id: who it was; NULL: not known [id]
-- column happened_at: when it began [date]
-- column channel_name: web, app, store, service, … [category]
-- column kind_name: what was done: visit, search, basket, call, chat, … [category]
-- column device_name: phone, tablet, desktop, … [category]
-- column topic_name: what it was about [category]
-- column duration_seconds: how long it took [unit=seconds]
-- column page_count: pages or screens seen [unit=pages]
-- column has_purchase: it ended in an order; NULL: not known [flag]
-- column is_resolved: of a request: it was settled; NULL: not known [flag]
SELECT
    interaction_id,
    customer_id,
    happened_at,
    channel_name,
    kind_name,
    device_name,
    topic_name,
    duration_seconds,
    page_count,
    has_purchase,
    is_resolved
FROM raw.interactions
WHERE happened_at < {{ as_of_end }}
WINDOW
    newest_first AS (
        PARTITION BY interaction_id ORDER BY happened_at DESC, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first = 1
