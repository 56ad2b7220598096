-- what: one row is a flow of customers from a segment at the previous run to one at this
-- why: where segments grow from and lose to
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column previous_as_of_date: the date compared with [date]
-- column segmentation_id: the segmentation [id]
-- column from_segment_id: the segment then; null: none [id]
-- column to_segment_id: the segment now; null: none [id]
-- column customer_count: customers of the flow [unit=customers]
-- column from_share: share of the segment then [unit=share]
-- column to_share: share of the segment now [unit=share]
SELECT
    as_of_date,
    run_id,
    previous_as_of_date,
    segmentation_id,
    from_segment_id,
    to_segment_id,
    customer_count,
    from_share,
    to_share
FROM monitoring.transition
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, segmentation_id, from_segment_id, to_segment_id
