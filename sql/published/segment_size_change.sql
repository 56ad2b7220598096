-- what: one row is a part of the change of a segment's size between two runs: who came in and went out for one reason
-- why: a segment that grew by 100 may have won 500 by what customers did and lost 400 by an edit of its definition
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column previous_as_of_date: the date compared with [date]
-- column segmentation_id: the segmentation [id]
-- column segment_id: the segment [id]
-- column why_name: the reason: new_customer, gone (no longer a customer: erased, merged or taken out of the files), behaviour (they did something), time (windows moved on, they grew older), profile (their records changed), late_data (the past came to be known otherwise), definition (an edit: where the old definition would put them against where they are), refit (a new model, likewise), ranks (scores by rank: where the cuts of the previous run would put them against where they are) [category]
-- column entered_count: customers whom the reason brought in [unit=customers]
-- column left_count: customers whom it took out [unit=customers]
-- column net_count: entered minus left; over all reasons they add up to the change of the segment's size, exactly [unit=customers]
SELECT
    as_of_date,
    run_id,
    previous_as_of_date,
    segmentation_id,
    segment_id,
    why_name,
    entered_count,
    left_count,
    net_count
FROM monitoring.size_change
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, segment_id, why_name
