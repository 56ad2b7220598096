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
        followed_id,
        earlier.segment_id AS from_segment_id,
        now.segment_id AS to_segment_id,
        earlier.reason AS from_reason,
        now.reason AS to_reason
    FROM earlier
    FULL JOIN now USING (segmentation_id, customer_id, followed_id)
    WHERE earlier.segment_id IS DISTINCT FROM now.segment_id AND {{ previous_run_id }} IS NOT NULL
),

graver (place, why_name) AS (
    VALUES
    (1, 'gone'),
    (2, 'new_customer'),
    (3, 'definition'),
    (4, 'refit'),
    (5, 'profile'),
    (6, 'behaviour'),
    (7, 'late_data'),
    (8, 'time'),
    (9, 'ranks')
),

reasons AS (
    SELECT
        step.segmentation_id,
        step.customer_id,
        step.followed_id,
        min_by(step.why_name, graver.place) AS why_name
    FROM (SELECT * FROM monitoring.change_step WHERE run_id = {{ run_id }}) AS step
    INNER JOIN graver ON step.why_name = graver.why_name
    GROUP BY step.segmentation_id, step.customer_id, step.followed_id
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
    reasons.why_name,
    moves.from_reason,
    moves.to_reason
FROM moves
INNER JOIN reasons
    ON
        moves.segmentation_id = reasons.segmentation_id
        AND moves.customer_id = reasons.customer_id
        AND moves.followed_id = reasons.followed_id
