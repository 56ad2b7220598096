-- what: one row is a part of the change of a segment's size since the previous run: customers who came in and went out for one reason
-- why: a segment that grew by 100 may have won 500 by what customers did and lost 400 by an edit of its definition
-- grain: global
-- column segmentation_id: the segmentation [id]
-- column segment_id: the segment [id]
-- column previous_as_of_date: the as-of date compared with [date]
-- column why_name: the reason, as in `change_step`: gone, new_customer, profile, behaviour, late_data, time, definition, refit or ranks [category]
-- column entered_count: customers whom the reason brought in [unit=customers]
-- column left_count: customers whom it took out [unit=customers]
-- column net_count: entered minus left; over all reasons they add up to the change of the segment's size [unit=customers]
WITH steps AS (SELECT * FROM monitoring.change_step WHERE run_id = {{ run_id }}),

sides AS (
    SELECT
        segmentation_id,
        to_segment_id AS segment_id,
        why_name,
        1 AS entered,
        0 AS gone
    FROM steps
    WHERE to_segment_id IS NOT NULL
    UNION ALL
    SELECT
        segmentation_id,
        from_segment_id AS segment_id,
        why_name,
        0 AS entered,
        1 AS gone
    FROM steps
    WHERE from_segment_id IS NOT NULL
)

SELECT
    segmentation_id,
    segment_id,
    {{ previous_as_of }} AS previous_as_of_date,
    why_name,
    CAST(sum(entered) AS BIGINT) AS entered_count,
    CAST(sum(gone) AS BIGINT) AS left_count,
    CAST(sum(entered) - sum(gone) AS BIGINT) AS net_count
FROM sides
GROUP BY segmentation_id, segment_id, why_name
