-- what: one row is a flow of customers from a segment at the previous run to a segment at this one
-- why: a change of size hides its flows; the migration matrix shows them
-- grain: global
-- column segmentation_id: the segmentation [id]
-- column previous_as_of_date: the as-of date compared with [date]
-- column from_segment_id: the segment at the previous run; null: not segmented then [id]
-- column to_segment_id: the segment now; null: not segmented now [id]
-- column customer_count: customers of the flow [unit=customers]
-- column from_share: share of the segment's customers at the previous run [unit=share]
-- column to_share: share of the segment's customers now [unit=share]
WITH memberships AS (
    SELECT
        run_id,
        segmentation_id,
        segment_id,
        customer_id,
        -- Where a customer may be in several segments, each membership is followed by itself.
        CASE WHEN segmentation_id IN ({{ multiple }}) THEN segment_id ELSE '' END AS followed_id
    FROM segments.membership
    WHERE run_id IN ({{ run_id }}, {{ previous_run_id }})
),

now AS (SELECT * FROM memberships WHERE run_id = {{ run_id }}),

earlier AS (SELECT * FROM memberships WHERE run_id = {{ previous_run_id }}),

flows AS (
    SELECT
        segmentation_id,
        earlier.segment_id AS from_segment_id,
        now.segment_id AS to_segment_id,
        count(*) AS customer_count
    FROM earlier
    FULL JOIN now USING (segmentation_id, customer_id, followed_id)
    GROUP BY ALL
)

SELECT
    segmentation_id,
    {{ previous_as_of }} AS previous_as_of_date,
    from_segment_id,
    to_segment_id,
    customer_count,
    CASE
        WHEN from_segment_id IS NOT NULL
            THEN customer_count / sum(customer_count) OVER (PARTITION BY segmentation_id, from_segment_id)
    END AS from_share,
    CASE
        WHEN to_segment_id IS NOT NULL
            THEN customer_count / sum(customer_count) OVER (PARTITION BY segmentation_id, to_segment_id)
    END AS to_share
FROM flows
-- On the first run there is nothing to compare with, and no flow.
WHERE {{ previous_run_id }} IS NOT NULL
