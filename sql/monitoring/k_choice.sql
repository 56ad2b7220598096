-- what: one row is a number of clusters that was tried when the model of a cluster segmentation was last fitted
-- why: shows every criterion that the number of segments was chosen by, and why each other number was not
-- grain: global
-- column segmentation_id: the segmentation [id]
-- column model_no: version of the model in use [unit=models]
-- column k_count: number of clusters tried [unit=segments]
-- column is_chosen: whether it is the one in use [flag]
-- column verdict: why it was chosen, or not
-- column structure_name: natural (gaps between segments), reproducible (one continuous cloud, cut the same way every time) or none (no structure) [category]
-- column inertia: sum of squared distances to the centres; NULL: the algorithm has none
-- column gap: gap statistic (Tibshirani, Walther and Hastie 2001) [unit=log]
-- column gap_error: its standard error [unit=log]
-- column prediction_strength_share: prediction strength (Tibshirani and Walther 2005), 0.8 or more is strong [unit=share]
-- column prediction_strength_error: its standard error [unit=share]
-- column least_jaccard_share: bootstrap Jaccard of the least stable cluster (Hennig 2007), 0.75 or more is stable [unit=share]
-- column separation_share: depth of the shallowest valley between two clusters, 0.4 or more is a gap [unit=share]
-- column least_share: share of customers in the smallest cluster; NULL: of fewer customers than may be told [unit=share]
-- column customer_count: customers of the sample that all this was computed on [unit=customers]
WITH choices AS (
    SELECT
        segmentation_id,
        model_no,
        model_json::JSON -> 'choice' AS choice
    FROM segments.model
    WHERE run_id = {{ run_id }} AND json_exists(model_json::JSON, '$.choice.criteria')
),

tried AS (
    SELECT
        segmentation_id,
        model_no,
        choice,
        unnest(json_extract(choice, '$.criteria[*]')) AS row_json
    FROM choices
),

-- An algorithm that finds its own number scores no other: what it says of one segment is said all the same.
not_tried AS (
    SELECT
        segmentation_id,
        model_no,
        choice,
        json_object('k', choice -> 'k') AS row_json
    FROM choices
    WHERE NOT list_contains(json_extract_string(choice, '$.criteria[*].k'), choice ->> 'k')
),

listed AS (
    SELECT * FROM tried
    UNION ALL
    SELECT * FROM not_tried
)

SELECT
    segmentation_id,
    model_no,
    (row_json ->> 'k')::BIGINT AS k_count,
    row_json ->> 'k' = choice ->> 'k' AS is_chosen,
    coalesce(
        row_json ->> 'verdict',
        CASE WHEN row_json ->> 'k' = choice ->> 'k' THEN 'chosen: ' || (choice ->> 'reason') ELSE 'not chosen' END
    ) AS verdict,
    choice ->> 'structure' AS structure_name,
    (row_json ->> 'inertia')::DOUBLE AS inertia,
    (row_json ->> 'gap')::DOUBLE AS gap,
    (row_json ->> 'gap_error')::DOUBLE AS gap_error,
    (row_json ->> 'prediction_strength')::DOUBLE AS prediction_strength_share,
    (row_json ->> 'prediction_strength_error')::DOUBLE AS prediction_strength_error,
    (row_json ->> 'jaccard')::DOUBLE AS least_jaccard_share,
    (row_json ->> 'separation')::DOUBLE AS separation_share,
    CASE
        WHEN
            (row_json ->> 'min_share')::DOUBLE * (choice ->> 'rows')::BIGINT >= {{ min_group_size }}
            THEN (row_json ->> 'min_share')::DOUBLE
    END AS least_share,
    (choice ->> 'rows')::BIGINT AS customer_count
FROM listed
