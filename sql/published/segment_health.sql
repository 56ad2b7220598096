-- what: one row is a segment's health card at a date
-- why: whether a segment holds, is large enough, can be reached and differs from the others
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column segmentation_id: the segmentation [id]
-- column segment_id: the segment [id]
-- column since_date: in the dictionary since [date]
-- column age_days: since then [unit=days]
-- column customer_count: customers in it [unit=customers]
-- column customer_share: share of the segmentation's customers [unit=share]
-- column previous_share: the same at the previous run; NULL: there is none, or it did not have the segmentation, as of all figures of a change [unit=share]
-- column share_change: share now minus share then [unit=share]
-- column share_change_low: lower end of its 95 % interval: Wilson's intervals of the two shares put together with their correlation among customers of both runs (Zou and Donner 2008, Statistics in Medicine 27(10), p. 1693) [unit=share]
-- column share_change_high: upper end [unit=share]
-- column common_count: customers of the segmentation at both runs [unit=customers]
-- column entered_count: customers who came in since the previous run [unit=customers]
-- column left_count: customers who went out [unit=customers]
-- column kept_share: of its customers, those who were in it at the previous run [unit=share]
-- column jaccard_share: of a cluster: mean Jaccard with its best match in 30 refits to resamples of 2,000 customers; at 0.5 dissolved, from 0.75 on stable (Hennig 2007, Computational Statistics & Data Analysis 52(1), p. 258) [unit=share]
-- column jaccard_low_share: lower end of the middle 90 % of the refits [unit=share]
-- column jaccard_high_share: upper end [unit=share]
-- column silhouette: of a cluster: mean silhouette on those customers and the model's transformed features, −1 to 1; below 0 they are nearer to another (Rousseeuw 1987, Journal of Computational and Applied Mathematics 20, p. 53)
-- column rival_segment_id: the nearest other segment of the segmentation [id]
-- column rival_distance: to it, in standard deviations
-- column rival_kind: model: between the means of a cluster model's transformed features; profile: root mean square over all profiled features [category]
-- column is_viable: of at least audit.min_count customers and audit.min_share of the segmentation [flag]
-- column order_share: of the customers who were in it at the published run nearest to 90 days before, those who have ordered since; else (is_own_order_share is false) of all who are in the segmentation, those who ordered within order_days; as all figures but sizes NULL where is_suppressed [unit=share]
-- column order_days: in how many days [unit=days]
-- column is_own_order_share: order_share is of the segment's own customers [flag]
-- column detectable_lift_share: the smallest rise of order_share that a test of half the segment against the other half sees, two-sided at 5 % with a power of 80 % (Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, equation 4.14, solved for the treated rate); NULL: none [unit=share]
-- column channel_name: of its treatment [category]
-- column reachable_count: customers who consented to marketing there, without a treatment anywhere; NULL: no source maps to consents [unit=customers]
-- column reachable_share: their share [unit=share]
-- column distinct_kpi_name: the KPI in which it differs most from the rest of the segmentation [id]
-- column distinct_effect: by how much: probit-d, about standard deviations; positive: it is higher
-- column distinct_p_adjusted: probability of as much by chance, Mann-Whitney, Holm-adjusted over the segmentation's segments and KPIs
-- column narrow_kpi_name: the KPI over which its customers are spread least [id]
-- column spread_ratio: spread of their ranks over that of all; about 1: as widely as all
-- column traits: the three most distinguishing features with their effects, from the profile
-- column verdict_name: sound: no finding of the audit is open; watch: notes are; unsound: warnings are [category]
-- column is_suppressed: figures would tell of fewer customers than privacy.min_group_size, by themselves or by subtraction [flag]
SELECT
    as_of_date,
    run_id,
    segmentation_id,
    segment_id,
    since_date,
    age_days,
    customer_count,
    customer_share,
    previous_share,
    share_change,
    share_change_low,
    share_change_high,
    common_count,
    entered_count,
    left_count,
    kept_share,
    jaccard_share,
    jaccard_low_share,
    jaccard_high_share,
    silhouette,
    rival_segment_id,
    rival_distance,
    rival_kind,
    is_viable,
    order_share,
    order_days,
    is_own_order_share,
    detectable_lift_share,
    channel_name,
    reachable_count,
    reachable_share,
    distinct_kpi_name,
    distinct_effect,
    distinct_p_adjusted,
    narrow_kpi_name,
    spread_ratio,
    traits,
    verdict_name,
    is_suppressed
FROM monitoring.segment_health
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, segment_id
