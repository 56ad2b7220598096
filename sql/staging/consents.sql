-- what: one row is a customer's newest decision for a purpose on a channel, known at the end of the as-of day
-- why: nobody is written to against his word; a withdrawal of a later day is not seen
-- grain: customer
-- column customer_id: who decided [id]
-- column purpose_name: what for, lower case [id]
-- column channel_name: where, lower case; all: everywhere that has no newer decision of its own [id]
-- column decided_at: when he decided [date]
-- column is_given: what he decided: true for, false against; of two decisions of one moment the one against counts [flag]
-- column has_consent: the channel may be used: the newest of this decision and the one for all channels is for it [flag]
WITH
visible AS (
    SELECT
        customer_id,
        lower(trim(purpose_name)) AS purpose_name,
        coalesce(nullif(lower(trim(channel_name)), ''), 'all') AS channel_name,
        decided_at,
        is_given
    FROM raw.consents
    WHERE decided_at < {{ as_of_end }}
),

newest AS (
    SELECT *
    FROM visible
    WINDOW
        newest_first AS (
            PARTITION BY customer_id, purpose_name, channel_name ORDER BY decided_at DESC, is_given ASC
        )
    QUALIFY row_number() OVER newest_first = 1
),

general AS (
    SELECT
        customer_id,
        purpose_name,
        decided_at AS general_decided_at,
        is_given AS is_generally_given
    FROM newest
    WHERE channel_name = 'all'
)

SELECT
    customer_id,
    purpose_name,
    channel_name,
    decided_at,
    is_given,
    CASE
        WHEN general_decided_at IS NULL OR general_decided_at < decided_at THEN is_given
        WHEN general_decided_at > decided_at THEN is_generally_given
        ELSE is_given AND is_generally_given
    END AS has_consent
FROM newest
LEFT JOIN general USING (customer_id, purpose_name)
