-- what: one row is what a run was made from
-- why: a reader of any table can tell which data, definitions, code and models it came from
-- grain: global
-- column workspace_name: the workspace [id]
-- column previous_as_of_date: the as-of date that changes are counted from [date]
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
-- column model_names: clusters, thresholds and values in use, as segmentation, number of segments, day they were learnt
WITH loads AS (
    SELECT
        -- What was worked off of a file's quarantine is no file.
        count(*) FILTER (WHERE parent_load_id IS NULL) AS load_count,
        sha256(coalesce(array_to_string(list(file_sha256 ORDER BY load_no), ','), '')) AS data_sha256,
        CAST(coalesce(sum(rows_read_count), 0) AS BIGINT) AS rows_read_count,
        CAST(coalesce(sum(rows_loaded_count), 0) AS BIGINT) AS rows_loaded_count,
        CAST(coalesce(sum(rows_quarantined_count), 0) AS BIGINT) AS rows_quarantined_count
    FROM ops.load
    WHERE load_no IN ({{ load_numbers }})
),

models AS (
    SELECT
        array_to_string(
            list(
                segmentation_id || ' k=' || k_count || ' of ' || strftime(trained_as_of_date, '%Y-%m-%d')
                ORDER BY segmentation_id
            ),
            '; '
        ) AS model_names
    FROM segments.model
    WHERE run_id = {{ run_id }}
)

SELECT
    {{ workspace_name }} AS workspace_name,
    {{ previous_as_of }} AS previous_as_of_date,
    {{ previous_run_id }} AS previous_run_id,
    {{ known_as_of }} AS known_as_of,
    {{ code_version }} AS code_version,
    {{ workspace_sha256 }} AS workspace_sha256,
    loads.load_count,
    loads.data_sha256,
    loads.rows_read_count,
    loads.rows_loaded_count,
    loads.rows_quarantined_count,
    (SELECT count(*) FROM features.customer_value WHERE run_id = {{ run_id }}) AS customer_count,
    (
        SELECT count(*)
        FROM segments.definition
        WHERE run_id = {{ run_id }} AND status_name = 'active'
    ) AS segment_count,
    models.model_names
FROM loads
CROSS JOIN models
