-- what: one row is how much a segmentation says of a KPI at a date
-- why: a segmentation that says nothing of any KPI divides for nothing; one that says less than it did has aged
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column segmentation_id: the segmentation, of those that put a customer in one segment [id]
-- column kpi_name: the KPI [id]
-- column segment_count: segments with customers [unit=segments]
-- column customer_count: customers segmented [unit=customers]
-- column explained_share: share of the variance of the KPI's ranks that lies between segments: epsilon squared (Kelley 1935, PNAS 21(9), p. 554); 0 for segments by lot [unit=share]
-- column trained_date: day of the model in use; NULL: it has none, or learns at every run [date]
-- column error: of clusters: mean squared distance to the own centre, on a sample
-- column error_at_fit: the same on the day of the fit
-- column definition_sha256: digest of definitions and model: where two runs have the same, they divide alike [id]
SELECT
    as_of_date,
    run_id,
    segmentation_id,
    kpi_name,
    segment_count,
    customer_count,
    explained_share,
    trained_date,
    error,
    error_at_fit,
    definition_sha256
FROM monitoring.segmentation_fit
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, segmentation_id, kpi_name
