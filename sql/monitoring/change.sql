-- what: one row is a customer who entered, left or moved within a segmentation since the previous run
-- why: says who moved and why: by what he did, by time passing, or because the definition, the model or the past changed
-- grain: global
-- column segmentation_id: the segmentation [id]
-- column customer_id: the customer [id]
-- column previous_as_of_date: the as-of date compared with [date]
-- column change_name: entered, left or moved [category]
-- column from_segment_id: the segment then [id]
-- column to_segment_id: the segment now [id]
-- column why_name: the main reason of his steps (`change_step`), the first of these: gone (no longer a customer), new_customer, definition (what is asked for changed, and else he would not be here), refit (a new model of the same definition, likewise), profile (his record changed), behaviour (he did something since), late_data (something he did by the earlier date was loaded or corrected only after that run), time (a window moved on or he grew older), ranks (others moved past him) [category]
-- column from_reason: why he was in the earlier segment
-- column to_reason: why he is in the present one
WITH moves AS (
    SELECT
        segmentation_id,
        customer_id,
        followed_id,
        first(from_segment_id ORDER BY step_no) AS from_segment_id,
        last(to_segment_id ORDER BY step_no) AS to_segment_id,
        min_by(
            why_name,
            list_position(
                [
                    'gone',
                    'new_customer',
                    'definition',
                    'refit',
                    'profile',
                    'behaviour',
                    'late_data',
                    'time',
                    'ranks'
                ],
                why_name
            )
        ) AS why_name
    FROM monitoring.change_step
    WHERE run_id = {{ run_id }}
    GROUP BY segmentation_id, customer_id, followed_id
),

-- The run is part of what is joined by: an earlier reason is one of the earlier run.
reasons AS (
    SELECT
        run_id,
        segment_id,
        customer_id,
        reason
    FROM segments.membership
    WHERE run_id IN ({{ run_id }}, {{ previous_run_id }})
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
    moves.why_name,
    earlier.reason AS from_reason,
    present.reason AS to_reason
FROM moves
LEFT JOIN reasons AS earlier
    ON
        moves.from_segment_id = earlier.segment_id
        AND moves.customer_id = earlier.customer_id
        AND earlier.run_id = {{ previous_run_id }}
LEFT JOIN reasons AS present
    ON
        moves.to_segment_id = present.segment_id
        AND moves.customer_id = present.customer_id
        AND present.run_id = {{ run_id }}
-- Two steps may take each other back.
WHERE moves.from_segment_id IS DISTINCT FROM moves.to_segment_id
