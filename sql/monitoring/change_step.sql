-- what: one row is a step of a customer within a segmentation since the previous run: first what the old definition makes of what is new of him, then what the change of the definition makes of him
-- why: steps add up to the change of every segment's size, so that each part of it has one reason
-- grain: global
-- column segmentation_id: the segmentation [id]
-- column customer_id: the customer [id]
-- column followed_id: where a customer may be in several segments, the segment that is followed; else empty [id]
-- column step_no: 1: customers changed, under the definition of the previous run; 2: the definition, the model or the ranks changed
-- column from_segment_id: the segment before the step; NULL: none [id]
-- column to_segment_id: the segment after it; NULL: none [id]
-- column why_name: step 1: gone (no longer a customer), new_customer, profile (his record changed), behaviour (he did something since), late_data (something he did by the earlier date was loaded or corrected only after that run), time (a window moved on or he grew older); step 2: definition (what is asked for changed), refit (a new model of the same definition), ranks (scores by rank: others moved past him) [category]
WITH sides AS (
    SELECT
        segmentation_id,
        segment_id,
        customer_id,
        CASE run_id WHEN {{ run_id }} THEN 'now' ELSE 'then' END AS side
    FROM segments.membership
    WHERE run_id IN ({{ run_id }}, {{ previous_run_id }})
    UNION ALL
    -- Where the definitions of the previous run would put the customers of today.
    SELECT
        segmentation_id,
        segment_id,
        customer_id,
        'kept' AS side
    FROM segments.membership_before
    WHERE run_id = {{ run_id }}
),

redrawn AS (SELECT * FROM segments.redrawn WHERE run_id = {{ run_id }}),

customers AS (
    SELECT
        customer_id,
        bool_or(run_id = {{ run_id }}) AS is_present,
        bool_or(run_id = {{ previous_run_id }}) AS was_present
    FROM features.customer_value
    WHERE run_id IN ({{ run_id }}, {{ previous_run_id }})
    GROUP BY customer_id
),

paths AS (
    SELECT
        segmentation_id,
        customer_id,
        CASE WHEN segmentation_id IN ({{ multiple }}) THEN segment_id ELSE '' END AS followed_id,
        max(segment_id) FILTER (WHERE side = 'then') AS from_segment_id,
        max(segment_id) FILTER (WHERE side = 'now') AS to_segment_id,
        max(segment_id) FILTER (WHERE side = 'kept') AS kept_segment_id
    FROM sides
    WHERE {{ previous_run_id }} IS NOT NULL
    GROUP BY ALL
),

-- Where the old definition cannot be asked, whoever is new or gone changed by that, and all others by the definition.
ways AS (
    SELECT
        paths.segmentation_id,
        paths.customer_id,
        paths.followed_id,
        paths.from_segment_id,
        paths.to_segment_id,
        redrawn.what_name,
        coalesce(customers.is_present, FALSE) AS is_present,
        coalesce(customers.was_present, FALSE) AS was_present,
        CASE
            WHEN NOT coalesce(customers.is_present, FALSE) THEN NULL
            WHEN redrawn.segmentation_id IS NULL THEN paths.to_segment_id
            WHEN redrawn.is_asked THEN paths.kept_segment_id
            WHEN NOT coalesce(customers.was_present, FALSE) THEN paths.to_segment_id
            ELSE paths.from_segment_id
        END AS middle_segment_id
    FROM paths
    LEFT JOIN redrawn ON paths.segmentation_id = redrawn.segmentation_id
    LEFT JOIN customers ON paths.customer_id = customers.customer_id
),

-- What came to be known of a customer counts where the segmentation's features are made of it: who opened a mail did
-- nothing that a segmentation by orders heeds.
heeded (segmentation_id, entity_name) AS (
    SELECT * FROM (VALUES {{ heeded }})
),

causes AS (
    SELECT
        heeded.segmentation_id,
        news.customer_id,
        bool_or(news.entity_name = 'profile') AS has_other_profile,
        bool_or(news.entity_name <> 'profile' AND news.news_name = 'new') AS has_acted,
        bool_or(news.news_name = 'late') AS has_late_data
    FROM (SELECT * FROM monitoring.customer_news WHERE run_id = {{ run_id }}) AS news
    INNER JOIN heeded ON news.entity_name = heeded.entity_name
    GROUP BY heeded.segmentation_id, news.customer_id
)

SELECT
    ways.segmentation_id,
    ways.customer_id,
    ways.followed_id,
    1 AS step_no,
    ways.from_segment_id,
    ways.middle_segment_id AS to_segment_id,
    CASE
        WHEN NOT ways.is_present THEN 'gone'
        WHEN NOT ways.was_present THEN 'new_customer'
        WHEN causes.has_other_profile THEN 'profile'
        WHEN causes.has_acted THEN 'behaviour'
        WHEN causes.has_late_data THEN 'late_data'
        ELSE 'time'
    END AS why_name
FROM ways
LEFT JOIN causes ON ways.segmentation_id = causes.segmentation_id AND ways.customer_id = causes.customer_id
WHERE ways.from_segment_id IS DISTINCT FROM ways.middle_segment_id
UNION ALL
SELECT
    ways.segmentation_id,
    ways.customer_id,
    ways.followed_id,
    2 AS step_no,
    ways.middle_segment_id AS from_segment_id,
    ways.to_segment_id,
    ways.what_name AS why_name
FROM ways
WHERE ways.middle_segment_id IS DISTINCT FROM ways.to_segment_id
