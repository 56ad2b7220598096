-- what: one row is a group of customers that arose or vanished since an earlier run
-- why: whether there are customers whom no segment in use was made for
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column candidate_id: the candidate segment; it keeps its id while it is seen [id]
-- column direction_name: emerging: hardly there before; vanishing: hardly there any more [category]
-- column status_name: candidate: seen in this run; promoted: seen in this run and the one before, after which it is told no more [category]
-- column seen_count: in how many runs running it was seen [unit=runs]
-- column since_date: the date at which it was first seen [date]
-- column reference_as_of_date: the date that it is compared with, the last one before it was first seen [date]
-- column customer_count: its members, customers who came since that date, or who went [unit=customers]
-- column customer_share: their share of all customers, of the reference date where it vanishes [unit=share]
-- column ratio: share of customers where it is over that at the other date; NULL: at the other date there were fewer than privacy.min_group_size
-- column excess_share: the former less the latter [unit=share]
-- column p_adjusted: probability of as much by chance, of the micro-cell that speaks loudest, Holm-adjusted over growth and decline of all cells
-- column traits_json: what distinguishes it from the other customers, the largest effect first; feature_name, level_name (NULL: a number), effect_name (probit_d, cohen_h), effect_size (about standard deviations), group_share and others_share of the level
-- column sentence: the same in words
SELECT
    as_of_date,
    run_id,
    candidate_id,
    direction_name,
    status_name,
    seen_count,
    since_date,
    reference_as_of_date,
    customer_count,
    customer_share,
    ratio,
    excess_share,
    p_adjusted,
    traits_json,
    sentence
FROM monitoring.emerging_segment
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, candidate_id
