-- what: one row is a feature of a segment beside all segmented customers
-- why: what distinguishes the segment
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column segmentation_id: the segmentation [id]
-- column segment_id: the segment [id]
-- column feature_name: the feature [id]
-- column customer_count: customers with a value [unit=customers]
-- column mean_value: mean over the segment; as the columns below NULL where is_suppressed
-- column median_value: median over the segment
-- column population_mean_value: mean over all customers of the segmentation
-- column standardised_difference: segment mean minus population mean, in population standard deviations
-- column top_value: most frequent value of a category
-- column top_share: its share of the segment's customers with a value [unit=share]
-- column population_share: its share of all customers of the segmentation with a value [unit=share]
-- column is_suppressed: the figures would tell of fewer customers than privacy.min_group_size, by themselves or by subtraction from those of all customers [flag]
SELECT
    as_of_date,
    run_id,
    segmentation_id,
    segment_id,
    feature_name,
    customer_count,
    mean_value,
    median_value,
    population_mean_value,
    standardised_difference,
    top_value,
    top_share,
    population_share,
    -- Runs of before this was kept have none.
    coalesce(is_suppressed, FALSE) AS is_suppressed
FROM monitoring.profile
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, segment_id, feature_name
