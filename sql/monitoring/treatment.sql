-- what: one row is a treatment that a segment has for a customer in it, and why he does not get it, where he does not
-- why: a channel is used where the customer consented, and who is left out can be told why
-- grain: global
-- column customer_id: the customer [id]
-- column channel_name: the channel [category]
-- column segment_id: the segment [id]
-- column priority: of the treatment, the lowest wins
-- column message: what he would be told
-- column offer: what he would be offered
-- column place: 1 for the treatment that wins on the channel [unit=place]
-- column refusal_name: refused: his newest decision is against marketing on the channel; unknown: no decision is known; NULL: nothing stands against it, or no source maps to consents [category]
-- column decided_at: when he decided, UTC; NULL: no decision is known [date]
WITH
marketing AS (
    SELECT
        customer_id,
        channel_name,
        decided_at,
        has_consent
    FROM staging.consents
    WHERE purpose_name = 'marketing'
),

planned AS (
    SELECT
        membership.customer_id,
        definition.channel_name,
        definition.segment_id,
        definition.priority,
        definition.message,
        definition.offer,
        row_number() OVER (
            PARTITION BY membership.customer_id, definition.channel_name
            ORDER BY definition.priority, definition.segment_id
        ) AS place
    FROM segments.membership AS membership
    INNER JOIN segments.definition AS definition
        ON
            membership.segment_id = definition.segment_id
            AND definition.run_id = {{ run_id }}
            AND definition.channel_name IS NOT NULL
    WHERE membership.run_id = {{ run_id }}
)

SELECT
    planned.customer_id,
    planned.channel_name,
    planned.segment_id,
    planned.priority,
    planned.message,
    planned.offer,
    planned.place,
    CASE
        WHEN NOT {{ maps_consents }} OR coalesce(own.has_consent, general.has_consent) THEN NULL
        WHEN own.customer_id IS NULL AND general.customer_id IS NULL THEN 'unknown'
        ELSE 'refused'
    END AS refusal_name,
    greatest(own.decided_at, general.decided_at) AS decided_at
FROM planned
LEFT JOIN marketing AS own
    ON planned.customer_id = own.customer_id AND lower(trim(planned.channel_name)) = own.channel_name
LEFT JOIN marketing AS general
    ON planned.customer_id = general.customer_id AND general.channel_name = 'all'
