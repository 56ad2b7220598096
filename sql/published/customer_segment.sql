-- what: one row is a customer's membership in a segment now
-- why: the table that campaigns, dashboards and models join to
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column customer_id: the customer [id]
-- column segmentation_id: the segmentation [id]
-- column segment_id: the segment [id]
-- column strength_share: how clearly he belongs there, 0 to 1; 1 for rules [unit=share]
-- column reason: why he is there
-- column rival_segment_id: the next best segment, where there is one [id]
SELECT
    as_of_date,
    run_id,
    customer_id,
    segmentation_id,
    segment_id,
    strength_share,
    reason,
    rival_segment_id
FROM segments.membership
WHERE run_id = {{ current_run }}
ORDER BY customer_id, segment_id
