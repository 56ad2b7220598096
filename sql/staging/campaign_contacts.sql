-- what: one row is one contact of a customer by a campaign, made by the end of the as-of day
-- why: who was contacted, and who had responded by then; a response of a later day is not seen
-- grain: customer
-- column campaign_id: the campaign [id]
-- column customer_id: who was contacted [id]
-- column contacted_at: when the contact was made [date]
-- column responded_at: when the customer responded; NULL: not by the end of the as-of day [date]
-- column channel_name: channel of the contact [category]
-- column has_responded: the customer had responded by the end of the as-of day [flag]
WITH
-- Of the versions of a contact the one with the first response counts: a system that lists responses by themselves has
-- several of them for one contact, and the list of contacts, without any, may be delivered after them.
visible AS (
    SELECT * REPLACE (CASE WHEN responded_at < {{ as_of_end }} THEN responded_at END AS responded_at)
    FROM raw.campaign_contacts
    WHERE contacted_at < {{ as_of_end }}
)

SELECT
    campaign_id,
    customer_id,
    contacted_at,
    responded_at,
    channel_name,
    responded_at IS NOT NULL AS has_responded
FROM visible
WINDOW
    first_response AS (
        PARTITION BY campaign_id, customer_id, contacted_at
        ORDER BY responded_at ASC NULLS LAST, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER first_response = 1
