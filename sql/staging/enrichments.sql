-- what: one row is the newest that a provider says of one attribute of a customer, known at the end of the as-of day
-- why: what others know adds to what the company knows, as long as it is not withdrawn
-- grain: customer
-- column customer_id: of whom it is said [id]
-- column provider_name: who says it [id]
-- column attribute_name: what it is about [id]
-- column enriched_at: when it was said [date]
-- column attribute_value: what is said; NULL: nothing is known any more [category]
SELECT
    customer_id,
    provider_name,
    attribute_name,
    enriched_at,
    attribute_value
FROM raw.enrichments
WHERE enriched_at < {{ as_of_end }}
WINDOW
    newest_first AS (
        PARTITION BY customer_id, provider_name, attribute_name
        ORDER BY enriched_at DESC, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first = 1
