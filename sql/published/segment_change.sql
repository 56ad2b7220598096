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
-- column why_name: the main reason, the first of these that is true: gone (no longer a customer), new_customer, definition (what is asked for changed, and else he would not be here), refit (a new model of the same definition, likewise), profile (his record changed), behaviour (he did something since), late_data (something he did by the earlier date was loaded or corrected only after that run), time (a window moved on or he grew older), ranks (others moved past him) [category]
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
        WHEN 'refit' THEN 'a new model of the same definition took over'
        WHEN 'profile' THEN 'what is known of the customer changed'
        WHEN 'behaviour' THEN 'did something since the previous run'
        WHEN 'late_data' THEN 'something of before the previous run was loaded or corrected after it'
        WHEN 'ranks' THEN 'others moved past him: by where the scores were cut before, he would be where he was'
        ELSE 'did nothing: time passed, or others moved past'
    END
    || ' (' || coalesce(from_reason, 'in no segment') || ' → ' || coalesce(to_reason, 'in no segment') || ')' AS why
FROM monitoring.change
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, customer_id, segmentation_id, from_segment_id, to_segment_id
