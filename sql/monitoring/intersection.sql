-- what: one row is an exact combination of segments, with the customers who are in these and no others
-- why: overlaps of any order follow from it by adding up; it is what an UpSet plot shows
-- grain: global
-- column segment_ids: the segments, sorted and joined by ' & ' [id]
-- column degree_count: how many segments they are [unit=segments]
-- column customer_count: customers in exactly these [unit=customers]
WITH combinations AS (
    SELECT
        customer_id,
        list_sort(list(segment_id)) AS combination
    FROM segments.membership
    WHERE run_id = {{ run_id }}
    GROUP BY customer_id
)

SELECT
    array_to_string(combination, ' & ') AS segment_ids,
    len(combination) AS degree_count,
    count(*) AS customer_count
FROM combinations
GROUP BY combination
