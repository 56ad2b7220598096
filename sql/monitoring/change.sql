-- what: one row is a customer who entered, left or moved within a segmentation since the previous run
-- why: says who moved and why: by what he did, by time passing, or because the definition changed
-- grain: global
-- column segmentation_id: the segmentation [id]
-- column customer_id: the customer [id]
-- column previous_as_of_date: the as-of date compared with [date]
-- column change_name: entered, left or moved [category]
-- column from_segment_id: the segment then [id]
-- column to_segment_id: the segment now [id]
-- column why_name: new_customer, gone, definition, behaviour, profile or time [category]
-- column from_reason: why he was in the earlier segment
-- column to_reason: why he is in the present one
WITH memberships AS (
    SELECT
        run_id,
        segmentation_id,
        segment_id,
        customer_id,
        reason,
        CASE WHEN segmentation_id IN ({{ multiple }}) THEN segment_id ELSE '' END AS followed_id
    FROM segments.membership
    WHERE run_id IN ({{ run_id }}, {{ previous_run_id }})
),

now AS (SELECT * FROM memberships WHERE run_id = {{ run_id }}),

earlier AS (SELECT * FROM memberships WHERE run_id = {{ previous_run_id }}),

moves AS (
    SELECT
        segmentation_id,
        customer_id,
        earlier.segment_id AS from_segment_id,
        now.segment_id AS to_segment_id,
        earlier.reason AS from_reason,
        now.reason AS to_reason
    FROM earlier
    FULL JOIN now USING (segmentation_id, customer_id, followed_id)
    WHERE earlier.segment_id IS DISTINCT FROM now.segment_id AND {{ previous_run_id }} IS NOT NULL
),

-- A definition changed where its text did, or who is divided at all, or where a new model took over.
definitions AS (
    SELECT
        segmentation_id,
        run_id,
        any_value(basis_name ORDER BY segment_id) AS basis_name,
        array_to_string(
            list(
                segment_id || ':' || coalesce(rule_text, '') || ' of ' || coalesce(population_text, '')
                ORDER BY segment_id
            ),
            ';'
        ) AS said
    FROM segments.definition
    WHERE run_id IN ({{ run_id }}, {{ previous_run_id }}) AND status_name = 'active'
    GROUP BY segmentation_id, run_id
),

redefined AS (
    SELECT
        present.segmentation_id,
        present.basis_name,
        coalesce(past.said IS DISTINCT FROM present.said, TRUE) AS is_redefined
    FROM definitions AS present
    LEFT JOIN definitions AS past
        ON present.segmentation_id = past.segmentation_id AND past.run_id = {{ previous_run_id }}
    WHERE present.run_id = {{ run_id }}
),

behaviour AS (
    SELECT
        present.customer_id,
        past.customer_id IS NULL AS is_new,
        coalesce(
            past.order_count <> present.order_count OR past.net_amount <> present.net_amount, TRUE
        ) AS has_acted
    FROM (SELECT * FROM features.customer_value WHERE run_id = {{ run_id }}) AS present
    LEFT JOIN (SELECT * FROM features.customer_value WHERE run_id = {{ previous_run_id }}) AS past
        ON present.customer_id = past.customer_id
)

SELECT
    moves.segmentation_id,
    moves.customer_id,
    {{ previous_as_of }} AS previous_as_of_date,
    CASE
        WHEN moves.from_segment_id IS NULL THEN 'entered'
        WHEN moves.to_segment_id IS NULL THEN 'left'
        ELSE 'moved'
    END AS change_name,
    moves.from_segment_id,
    moves.to_segment_id,
    CASE
        WHEN behaviour.customer_id IS NULL THEN 'gone'
        WHEN behaviour.is_new THEN 'new_customer'
        WHEN coalesce(redefined.is_redefined, TRUE) THEN 'definition'
        WHEN redefined.basis_name IN ('demographic', 'geographic') THEN 'profile'
        WHEN behaviour.has_acted THEN 'behaviour'
        ELSE 'time'
    END AS why_name,
    moves.from_reason,
    moves.to_reason
FROM moves
LEFT JOIN redefined ON moves.segmentation_id = redefined.segmentation_id
LEFT JOIN behaviour ON moves.customer_id = behaviour.customer_id
