-- what: one row is a treatment that a segment has for a customer in it, and what stands against it whatever else he gets
-- why: caps, budgets and priorities are applied to these one after the other (tasks/treatment)
-- grain: global
-- column rank_no: place of the treatment among all: first what is listed in contacts.priorities, then the lowest priority, then by id
-- column customer_id: the customer [id]
-- column segment_id: the segment [id]
-- column channel_name: the channel, as the workspace writes it [category]
-- column channel_key: the channel as it is compared with others [category]
-- column refusal_name: window, excluded, refused or unknown; NULL: nothing stands against it so far [category]
-- column decided_at: when he decided about marketing there; NULL: no decision is known [date]
-- column excluded_by: the segment he is in that the treatment excludes [id]
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

treatment AS (
    SELECT
        segment_id,
        channel_name,
        lower(trim(channel_name)) AS channel_key,
        excluded_segment_ids,
        coalesce(window_from_date <= {{ as_of }}, TRUE)
        AND coalesce(window_until_date >= {{ as_of }}, TRUE) AS is_open,
        row_number() OVER (ORDER BY priority_place ASC NULLS LAST, priority ASC NULLS LAST, segment_id ASC) AS rank_no
    FROM segments.definition
    WHERE run_id = {{ run_id }} AND status_name = 'active' AND trim(channel_name) <> ''
),

exclusion AS (
    SELECT
        segment_id,
        unnest(string_split(excluded_segment_ids, ',')) AS excluded_id
    FROM treatment
    WHERE excluded_segment_ids IS NOT NULL
),

excluded AS (
    SELECT
        exclusion.segment_id,
        membership.customer_id,
        min(exclusion.excluded_id) AS excluded_by
    FROM exclusion
    INNER JOIN segments.membership AS membership
        ON
            exclusion.excluded_id = membership.segment_id
            AND membership.run_id = {{ run_id }}
    GROUP BY exclusion.segment_id, membership.customer_id
)

SELECT
    treatment.rank_no,
    membership.customer_id,
    treatment.segment_id,
    treatment.channel_name,
    treatment.channel_key,
    CASE
        WHEN NOT treatment.is_open THEN 'window'
        WHEN excluded.customer_id IS NOT NULL THEN 'excluded'
        WHEN NOT {{ maps_consents }} OR coalesce(own.has_consent, general.has_consent) THEN NULL
        WHEN own.customer_id IS NULL AND general.customer_id IS NULL THEN 'unknown'
        ELSE 'refused'
    END AS refusal_name,
    greatest(own.decided_at, general.decided_at) AS decided_at,
    excluded.excluded_by
FROM segments.membership AS membership
INNER JOIN treatment ON membership.segment_id = treatment.segment_id
LEFT JOIN excluded ON membership.segment_id = excluded.segment_id AND membership.customer_id = excluded.customer_id
LEFT JOIN marketing AS own
    ON membership.customer_id = own.customer_id AND treatment.channel_key = own.channel_name
LEFT JOIN marketing AS general
    ON membership.customer_id = general.customer_id AND general.channel_name = 'all'
LEFT JOIN features.customer_value AS feature
    ON membership.customer_id = feature.customer_id AND feature.run_id = {{ run_id }}
WHERE membership.run_id = {{ run_id }}
ORDER BY
    treatment.rank_no,
    CAST(feature.{{ year_amount }} AS DECIMAL(18, 4)) DESC NULLS LAST,
    membership.customer_id
