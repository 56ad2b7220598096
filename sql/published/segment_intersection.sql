-- what: one row is an exact combination of segments, with the customers who are in these and no others
-- why: who is in three segments at once, and what they are worth; overlaps of any order follow by adding up
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column segment_ids: the segments, sorted and joined by ' & '; empty: all combinations of fewer customers than privacy.min_group_size together [id]
-- column degree_count: how many segments they are; 0 for all those together [unit=segments]
-- column combination_count: how many combinations the row stands for [unit=combinations]
-- column customer_count: customers in exactly these [unit=customers]
-- column net_amount: their orders minus returns, all time; NULL where it would tell of fewer customers than privacy.min_group_size, by itself or by subtraction [unit=currency]
SELECT
    as_of_date,
    run_id,
    segment_ids,
    degree_count,
    combination_count,
    customer_count,
    net_amount
FROM monitoring.intersection
WHERE run_id = {{ current_run }}
ORDER BY customer_count DESC, segment_ids ASC
