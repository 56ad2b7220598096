-- what: one row is a subject, such as a feature, a segment's profile or the mix of a segmentation, compared with an earlier run
-- why: whether customers changed by more than chance and enough to matter
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column subject_kind: feature, segment_mix (of a segmentation), segment_size (where a customer may be in several), fit (of a model), profile (what a segment is), kpi (what it is worth on average), flow (where its customers go), relation (how two segmentations hang together), joint (how features go together) [category]
-- column subject_name: the feature, segmentation or segment [id]
-- column part_name: of a profile or KPI the feature, of a relation the other segmentation, of a fit what of it; else NULL [id]
-- column reference_kind: previous, window (the run of the shortest window of features ago), baseline (the first run) or season (that of a year ago) [category]
-- column reference_as_of_date: the date compared with [date]
-- column snapshot_kind: paired or two_sample [category]
-- column test_name: the test [category]
-- column aspect_name: what it looks at: the value, its shape, the share of zeros or nulls, the mix, its flows, and so on [category]
-- column statistic: its statistic
-- column p_value: its p-value
-- column p_adjusted: Holm-adjusted over all tests of the run
-- column effect_name: the effect size: probit_d, cohen_h, w, sd (standard deviations of all customers), relative_change (of the former mean), cramers_v [category]
-- column effect_size: its value
-- column effect_low: lower end of its 95 % interval, of signed effects; NULL: none
-- column effect_high: upper end
-- column minimum_detectable_effect: the smallest effect this comparison would find
-- column notice_threshold: effect worth a notice
-- column alarm_threshold: effect worth an alarm
-- column reference_count: customers then [unit=customers]
-- column current_count: customers now [unit=customers]
-- column common_count: customers in both [unit=customers]
-- column entered_count: customers now only [unit=customers]
-- column left_count: customers then only [unit=customers]
-- column reference_value_count: values then that the test looked at: of customers who have one, and of a sample of them where customers are many [unit=values]
-- column current_value_count: values now, likewise [unit=values]
-- column psi: population stability index, bias-corrected
-- column psi_p_value: its p-value
-- column verdict_name: drift, no_material_drift or inconclusive [category]
-- column level_name: none, notice or alarm [category]
-- column is_seasonal: the same period a year ago changed alike, so that the verdict was lowered [flag]
-- column sentence: the verdict in words
SELECT
    as_of_date,
    run_id,
    subject_kind,
    subject_name,
    part_name,
    reference_kind,
    reference_as_of_date,
    snapshot_kind,
    test_name,
    aspect_name,
    statistic,
    p_value,
    p_adjusted,
    effect_name,
    effect_size,
    effect_low,
    effect_high,
    minimum_detectable_effect,
    notice_threshold,
    alarm_threshold,
    reference_count,
    current_count,
    common_count,
    entered_count,
    left_count,
    reference_value_count,
    current_value_count,
    psi,
    psi_p_value,
    verdict_name,
    level_name,
    coalesce(is_seasonal, FALSE) AS is_seasonal,
    sentence
FROM monitoring.drift
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, reference_kind, subject_kind, subject_name, part_name, test_name, aspect_name
