-- what: one row is a customer who entered, left or moved within a segmentation since the previous run
-- why: says who moved and why: by what he did, by time passing, or because the definition, the model or the past changed
-- grain: global
-- column segmentation_id: the segmentation [id]
-- column customer_id: the customer [id]
-- column previous_as_of_date: the as-of date compared with [date]
-- column change_name: entered, left or moved [category]
-- column from_segment_id: the segment then [id]
-- column to_segment_id: the segment now [id]
-- column why_name: the main reason, the first of these that is true: gone (no longer a customer), new_customer, definition (what is asked for changed), refit (a new model of the same definition), profile (his record changed), behaviour (he did something since), late_data (something he did by the earlier date was loaded or corrected only after that run), time (a window moved on, he grew older, or others moved past) [category]
-- column from_reason: why he was in the earlier segment
-- column to_reason: why he is in the present one
WITH memberships AS (
    SELECT
        run_id,
        segmentation_id,
        segment_id,
        customer_id,
        reason,
        CASE WHEN segmentation_id IN ({{ multiple }}) THEN segment_id ELSE '' END AS followed_id
    FROM segments.membership
    WHERE run_id IN ({{ run_id }}, {{ previous_run_id }})
),

now AS (SELECT * FROM memberships WHERE run_id = {{ run_id }}),

earlier AS (SELECT * FROM memberships WHERE run_id = {{ previous_run_id }}),

moves AS (
    SELECT
        segmentation_id,
        customer_id,
        earlier.segment_id AS from_segment_id,
        now.segment_id AS to_segment_id,
        earlier.reason AS from_reason,
        now.reason AS to_reason
    FROM earlier
    FULL JOIN now USING (segmentation_id, customer_id, followed_id)
    WHERE earlier.segment_id IS DISTINCT FROM now.segment_id AND {{ previous_run_id }} IS NOT NULL
),

-- What is learnt from the data changes its rule with every model: there the definition is what was asked for. A
-- projection is learnt anew each time.
definitions AS (
    SELECT
        segmentation_id,
        run_id,
        coalesce(any_value(population_text), '') AS population_text,
        any_value(kind_name) AS kind_name,
        any_value(asked_text) AS asked_text,
        array_to_string(list(segment_id || ':' || coalesce(rule_text, '') ORDER BY segment_id), ';') AS said
    FROM segments.definition
    WHERE run_id IN ({{ run_id }}, {{ previous_run_id }}) AND status_name = 'active'
    GROUP BY segmentation_id, run_id
),

learnt AS (
    SELECT
        definitions.*,
        model.model_no,
        coalesce(model.model_no IS NOT NULL AND definitions.kind_name <> 'projected', FALSE) AS is_learnt
    FROM definitions
    LEFT JOIN segments.model AS model
        ON definitions.segmentation_id = model.segmentation_id AND definitions.run_id = model.run_id
),

-- A definition changed where its text did, or who is divided at all, or where what is to be learnt did.
redefined AS (
    SELECT
        present.segmentation_id,
        coalesce(
            past.segmentation_id IS NULL
            OR present.population_text <> past.population_text
            OR present.asked_text <> past.asked_text
            OR (present.said <> past.said AND NOT (present.is_learnt AND past.model_no IS NOT NULL)),
            FALSE
        ) AS is_redefined,
        coalesce(
            present.is_learnt AND present.model_no <> past.model_no AND present.said <> past.said, FALSE
        ) AS is_refitted
    FROM learnt AS present
    LEFT JOIN learnt AS past
        ON present.segmentation_id = past.segmentation_id AND past.run_id = {{ previous_run_id }}
    WHERE present.run_id = {{ run_id }}
),

behaviour AS (
    SELECT
        present.customer_id,
        past.customer_id IS NULL AS is_new
    FROM (SELECT * FROM features.customer_value WHERE run_id = {{ run_id }}) AS present
    LEFT JOIN (SELECT * FROM features.customer_value WHERE run_id = {{ previous_run_id }}) AS past
        ON present.customer_id = past.customer_id
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
    moves.segmentation_id,
    moves.customer_id,
    {{ previous_as_of }} AS previous_as_of_date,
    CASE
        WHEN moves.from_segment_id IS NULL THEN 'entered'
        WHEN moves.to_segment_id IS NULL THEN 'left'
        ELSE 'moved'
    END AS change_name,
    moves.from_segment_id,
    moves.to_segment_id,
    CASE
        WHEN behaviour.customer_id IS NULL THEN 'gone'
        WHEN behaviour.is_new THEN 'new_customer'
        WHEN coalesce(redefined.is_redefined, TRUE) THEN 'definition'
        WHEN redefined.is_refitted THEN 'refit'
        WHEN causes.has_other_profile THEN 'profile'
        WHEN causes.has_acted THEN 'behaviour'
        WHEN causes.has_late_data THEN 'late_data'
        ELSE 'time'
    END AS why_name,
    moves.from_reason,
    moves.to_reason
FROM moves
LEFT JOIN redefined ON moves.segmentation_id = redefined.segmentation_id
LEFT JOIN behaviour ON moves.customer_id = behaviour.customer_id
LEFT JOIN causes ON moves.segmentation_id = causes.segmentation_id AND moves.customer_id = causes.customer_id
