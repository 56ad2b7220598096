-- what: one row is one contact of a customer by a campaign, made by the end of the as-of day
-- why: who was contacted, and who had responded by then; a response of a later day is not seen
-- grain: customer
-- column campaign_id: the campaign [id]
-- column customer_id: who was contacted [id]
-- column contacted_at: when the contact was made, UTC [date]
-- column responded_at: when the customer responded, UTC; NULL: not by the end of the as-of day [date]
-- column channel_name: channel of the contact [category]
-- column has_responded: the customer had responded by the end of the as-of day [flag]
SELECT
    campaign_id,
    customer_id,
    contacted_at,
    CASE WHEN responded_at < {{ as_of_end }} THEN responded_at END AS responded_at,
    channel_name,
    coalesce(responded_at < {{ as_of_end }}, FALSE) AS has_responded
FROM raw.campaign_contacts
WHERE contacted_at < {{ as_of_end }}
WINDOW
    newest_first AS (
        PARTITION BY campaign_id, customer_id, contacted_at ORDER BY load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first = 1
