-- what: one row is a time a customer was in a segment, without a break
-- why: campaigns are judged by what a customer was then, not by what he is now
-- grain: global
-- column as_of_date: the date up to which the history is told [date]
-- column run_id: the run of that date [id]
-- column customer_id: the customer [id]
-- column segmentation_id: the segmentation [id]
-- column segment_id: the segment [id]
-- column valid_from: the first as-of date that saw him there [date]
-- column valid_to: the first as-of date that no longer did; null: still there [date]
WITH runs AS (
    SELECT
        as_of_date,
        run_id,
        row_number() OVER (ORDER BY as_of_date) AS position,
        lead(as_of_date) OVER (ORDER BY as_of_date) AS next_date
    FROM ({{ runs_until }})
),

memberships AS (
    SELECT
        membership.customer_id,
        membership.segmentation_id,
        membership.segment_id,
        runs.position
    FROM segments.membership AS membership
    INNER JOIN runs ON membership.run_id = runs.run_id
),

spans AS (
    SELECT
        customer_id,
        segmentation_id,
        segment_id,
        min(position) AS first_position,
        max(position) AS last_position,
        count(*) = max(position) - min(position) + 1 AS is_unbroken
    FROM memberships
    GROUP BY customer_id, segmentation_id, segment_id
),

-- Few come back to a segment, and to rank every membership of every run takes most of the time:
-- positions that follow one another without a gap have a constant distance to their rank.
islands AS (
    SELECT
        memberships.*,
        memberships.position - row_number() OVER (
            PARTITION BY memberships.customer_id, memberships.segment_id ORDER BY memberships.position
        ) AS island
    FROM memberships
    INNER JOIN spans
        ON
            memberships.customer_id = spans.customer_id
            AND memberships.segment_id = spans.segment_id
            AND NOT spans.is_unbroken
),

stays AS (
    SELECT
        customer_id,
        segmentation_id,
        segment_id,
        first_position,
        last_position
    FROM spans
    WHERE is_unbroken
    UNION ALL
    SELECT
        customer_id,
        segmentation_id,
        segment_id,
        min(position) AS first_position,
        max(position) AS last_position
    FROM islands
    GROUP BY customer_id, segmentation_id, segment_id, island
)

SELECT
    {{ current_as_of }} AS as_of_date,
    {{ current_run }} AS run_id,
    stays.customer_id,
    stays.segmentation_id,
    stays.segment_id,
    first_runs.as_of_date AS valid_from,
    last_runs.next_date AS valid_to
FROM stays
INNER JOIN runs AS first_runs ON stays.first_position = first_runs.position
INNER JOIN runs AS last_runs ON stays.last_position = last_runs.position
ORDER BY stays.customer_id, stays.segment_id, valid_from
