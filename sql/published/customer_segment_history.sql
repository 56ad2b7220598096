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
        runs.as_of_date,
        runs.next_date,
        runs.position
    FROM segments.membership AS membership
    INNER JOIN runs ON membership.run_id = runs.run_id
),

-- Positions that follow one another without a gap have a constant distance to their rank.
islands AS (
    SELECT
        *,
        position - row_number() OVER (PARTITION BY customer_id, segment_id ORDER BY position) AS island
    FROM memberships
)

SELECT
    {{ current_as_of }} AS as_of_date,
    {{ current_run }} AS run_id,
    customer_id,
    segmentation_id,
    segment_id,
    min(as_of_date) AS valid_from,
    CASE WHEN count(*) = count(next_date) THEN max(next_date) END AS valid_to
FROM islands
GROUP BY customer_id, segmentation_id, segment_id, island
ORDER BY customer_id, segment_id, valid_from
