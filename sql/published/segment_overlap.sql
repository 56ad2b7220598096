-- what: one row is a pair of segments with the customers they share
-- why: who is addressed twice, and which segments say the same
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column segment_id_a: the first segment [id]
-- column segment_id_b: the second segment [id]
-- column a_count: customers in the first [unit=customers]
-- column b_count: customers in the second [unit=customers]
-- column intersection_count: customers in both [unit=customers]
-- column jaccard_share: both over either [unit=share]
-- column containment_a_share: share of the first that is in the second [unit=share]
-- column containment_b_share: share of the second that is in the first [unit=share]
-- column lift: both over what independence would give
-- column phi: correlation of the two memberships
-- column p_adjusted: probability of so strong a dependence by chance, Holm-adjusted
-- column relation_name: redundant, nested, disjoint or overlapping [category]
SELECT
    as_of_date,
    run_id,
    segment_id_a,
    segment_id_b,
    a_count,
    b_count,
    intersection_count,
    jaccard_share,
    containment_a_share,
    containment_b_share,
    lift,
    phi,
    p_adjusted,
    relation_name
FROM monitoring.overlap
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, segment_id_a, segment_id_b
