-- what: one row is a published run
-- why: what was published, from which data, by which definitions, code and models
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column workspace_name: the workspace [id]
-- column previous_as_of_date: the date that changes are counted from [date]
-- column previous_run_id: its run [id]
-- column known_as_of: nothing loaded later was seen; null: everything loaded
-- column code_version: version of resegment [id]
-- column workspace_sha256: digest of the definitions [id]
-- column load_count: files seen [unit=files]
-- column data_sha256: digest of those files [id]
-- column rows_read_count: rows in those files [unit=rows]
-- column rows_loaded_count: rows accepted [unit=rows]
-- column rows_quarantined_count: rows kept out [unit=rows]
-- column customer_count: customers with features [unit=customers]
-- column segment_count: segments in use [unit=segments]
-- column model_names: clusters, thresholds and values in use: segmentation, number of segments, day they were learnt
SELECT
    as_of_date,
    run_id,
    workspace_name,
    previous_as_of_date,
    previous_run_id,
    known_as_of,
    code_version,
    workspace_sha256,
    load_count,
    data_sha256,
    rows_read_count,
    rows_loaded_count,
    rows_quarantined_count,
    customer_count,
    segment_count,
    model_names
FROM monitoring.run_summary
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date
