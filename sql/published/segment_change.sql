-- what: one row is a customer who entered, left or moved within a segmentation between two runs
-- why: what changed since the last run, for whom and why
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column previous_as_of_date: the date compared with [date]
-- column customer_id: the customer [id]
-- column segmentation_id: the segmentation [id]
-- column change_name: entered, left or moved [category]
-- column from_segment_id: the segment then; null: none [id]
-- column to_segment_id: the segment now; null: none [id]
-- column why_name: new_customer, gone, definition, behaviour, profile or time [category]
-- column why: the reason in words
SELECT
    as_of_date,
    run_id,
    previous_as_of_date,
    customer_id,
    segmentation_id,
    change_name,
    from_segment_id,
    to_segment_id,
    why_name,
    CASE why_name
        WHEN 'new_customer' THEN 'first seen since the previous run'
        WHEN 'gone' THEN 'no longer among the customers'
        WHEN 'definition' THEN 'the definition of the segments changed'
        WHEN 'profile' THEN 'what is known of the customer changed'
        WHEN 'behaviour' THEN 'ordered or returned since the previous run'
        ELSE 'did nothing: time passed, or others moved past'
    END
    || ' (' || coalesce(from_reason, 'in no segment') || ' → ' || coalesce(to_reason, 'in no segment') || ')' AS why
FROM monitoring.change
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, customer_id, segmentation_id, from_segment_id, to_segment_id
