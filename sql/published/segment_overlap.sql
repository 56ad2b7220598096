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
-- column net_amount: orders minus returns of the customers in both, all time; NULL where it would tell of fewer customers than privacy.min_group_size, by itself or by subtraction [unit=currency]
-- column year_net_amount: likewise in the last year, or the longest window of features.windows within it [unit=currency]
-- column contact_count: contacts that the customers in both had in the last 90 days; NULL as the amounts [unit=contacts]
-- column border_count: customers in both who are near the boundary of one of the two, where that is known [unit=customers]
-- column channel_name: the channel on which both have a treatment; NULL: there is none [category]
-- column settled_by: what keeps the two treatments out of each other's way: priority, exclusion, window or content (both say the same); NULL: nothing does [category]
-- column is_conflict: nothing does, for at least 50 customers in both or 1 % of the smaller segment [flag]
-- column previous_jaccard_share: Jaccard index in the run before; NULL: there was none, or a segment is new [unit=share]
-- column joined_count: customers of both runs who are in both segments now and were not [unit=customers]
-- column left_count: customers of both runs who were in both segments and are not now [unit=customers]
-- column trend_p_adjusted: probability of so lopsided a coming and going by chance (McNemar), Holm-adjusted over all pairs; NULL: nobody came or went
-- column trend_name: grows or shrinks: p below 0.01 and the Jaccard index moved by 0.01 or more; steady; new: a segment is; NULL: first run [category]
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
    relation_name,
    net_amount,
    year_net_amount,
    contact_count,
    border_count,
    channel_name,
    settled_by,
    is_conflict,
    previous_jaccard_share,
    joined_count,
    left_count,
    trend_p_adjusted,
    trend_name
FROM monitoring.overlap
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, segment_id_a, segment_id_b
