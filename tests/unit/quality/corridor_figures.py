"""Figures of monitoring in the corridor of four customers, by hand."""

from __future__ import annotations

#: Churn was foretold by one of two models, tested on everybody's last two months; spend was refused.
PREDICTED = {
    "monitoring.prediction": """
        SELECT 'churn' AS prediction_id, 'made' AS status_name, 'bg_nbd' AS model_name, 'least Brier score' AS decision,
            DATE '2025-04-02' AS test_from_date, DATE '2025-05-31' AS test_until_date, 4 AS test_customer_count,
            DATE '2025-01-01' AS train_from_date, DATE '2025-04-01' AS train_until_date, 4 AS scored_customer_count
        UNION ALL
        SELECT 'spend', 'refused', NULL, 'too few customers', NULL, NULL, NULL, NULL, NULL, 0
    """,
    "monitoring.prediction_score": """
        SELECT 'churn' AS prediction_id, model_name, model_name = 'bg_nbd' AS is_used, 0.5 AS mean_foretold_value,
            0.5 AS mean_observed_value, 0.2 AS brier_score, 0.7 AS auc, 1.0 AS calibration_slope,
            CAST(NULL AS DOUBLE) AS mean_error_amount, CAST(NULL AS DOUBLE) AS poisson_deviance, 1.5 AS top_decile_lift
        FROM unnest(['bg_nbd', 'as_before']) AS models (model_name)
    """,
    "monitoring.calibration": """
        SELECT 'churn' AS prediction_id, model_name, bin_no, 0.3 * bin_no AS foretold_value, 0.5 AS observed_value,
            2 AS customer_count
        FROM unnest(['bg_nbd', 'as_before']) AS models (model_name), unnest([1, 2]) AS bins (bin_no)
    """,
}
DRIFT = """
    SELECT 'feature' AS subject_kind, 'order_count' AS subject_name, NULL::VARCHAR AS part_name, 'previous' AS reference_kind,
        DATE '2025-05-31' AS reference_as_of_date, 'paired' AS snapshot_kind, 'wilcoxon' AS test_name,
        'value' AS aspect_name, 1.0 AS statistic,
        0.2 AS p_value, 0.4 AS p_adjusted, 'probit_d' AS effect_name, 0.01 AS effect_size,
        -0.02 AS effect_low, 0.04 AS effect_high, 0.1 AS minimum_detectable_effect, 0.05 AS notice_threshold, 0.1 AS alarm_threshold,
        3 AS reference_count, 4 AS current_count, 3 AS common_count,
        1 AS entered_count, 0 AS left_count, 3 AS reference_value_count, 3 AS current_value_count, 0.0 AS psi, 1.0 AS psi_p_value, 'no_material_drift' AS verdict_name,
        'none' AS level_name, false AS is_seasonal, 's' AS sentence
"""
EFFECT = """
    SELECT 'previous' AS reference_kind, DATE '2025-05-31' AS reference_as_of_date, 'kpi' AS subject_kind,
        'k.one' AS subject_name, 'net_30d_amount' AS part_name, 'clustered_t' AS test_name, 0.1 AS effect_size
"""
CANDIDATE = """
    SELECT 'emerging-2025-06-30-1' AS candidate_id, 'emerging' AS direction_name, 'candidate' AS status_name,
        1 AS seen_count, DATE '2025-06-30' AS since_date, DATE '2025-05-31' AS reference_as_of_date,
        2 AS customer_count, 0.5 AS customer_share, NULL::DOUBLE AS ratio, 0.5 AS excess_share, 0.001 AS p_adjusted,
        '[]' AS traits_json, 's' AS sentence
"""
CANDIDATE_MEMBER = """
    SELECT 'emerging-2025-06-30-1' AS candidate_id, customer_id FROM unnest(['A', 'B']) AS members (customer_id)
"""
EVENT = """
    SELECT 'k' AS segmentation_id, DATE '2025-05-31' AS previous_as_of_date, 'survive' AS event_name,
        'k.one' AS from_segment_ids, 'k.one' AS to_segment_ids, 0.9 AS share, 1.0 AS confidence_share, 's' AS sentence
"""
#: One version is in use, and one waits.
VERSIONS = """
    SELECT 'k' AS segmentation_id, model_no, 'v' || model_no AS version_id, 'clusters' AS kind_name,
        CASE model_no WHEN 1 THEN 'champion' ELSE 'waiting' END AS status_name,
        DATE '2025-05-31' AS trained_as_of_date, 2 AS k_count, 4 AS customer_count, '{}' AS asked_json,
        '{}' AS metrics_json, 'one,two' AS kept_ids, '' AS new_ids, '' AS retired_ids, 0 AS moved_count,
        'kept' AS reason, CAST(NULL AS VARCHAR) AS decision_name, CAST(NULL AS VARCHAR) AS decided_by,
        CAST(NULL AS VARCHAR) AS decided_because
    FROM unnest([1, 2]) AS versions (model_no)
"""
PROFILE = """
    SELECT 'k' AS segmentation_id, 'k.one' AS segment_id, 'order_count' AS feature_name, 2 AS customer_count,
        3::DOUBLE AS mean_value, 3::DOUBLE AS median_value, 3::DOUBLE AS population_mean_value,
        0::DOUBLE AS standardised_difference,
        NULL::VARCHAR AS top_value, NULL::DOUBLE AS top_share, NULL::DOUBLE AS population_share,
        false AS is_suppressed
"""
COMMENT_MODEL = """
    SELECT 'sentiment' AS model_name, 'used' AS status_name, NULL::VARCHAR AS reason, NULL::VARCHAR AS sentiment_names,
        240 AS labelled_count, 230 AS distinct_count, 10 AS left_out_count, 2 AS class_count, 0.9 AS accuracy_share,
        0.6 AS base_rate_share, 0.88 AS macro_f1, 0.3 AS log_loss, 0.67 AS base_log_loss,
        0.02 AS calibration_error_share, 0.6 AS min_confidence_share, 0.95 AS confident_share,
        0.92 AS confident_accuracy_share, 1 AS comment_count, 0 AS unknown_count
"""
COMMENT_CLASS = """
    SELECT 'sentiment' AS model_name, class_name, 115 AS labelled_count, 0.9 AS recall_share, 0.9 AS precision_share
    FROM unnest(['negative', 'positive']) AS c (class_name)
"""
#: A card for each segment.
HEALTH = """
    SELECT segment_id.split('.')[1] AS segmentation_id, segment_id, DATE '2025-05-31' AS since_date, 30 AS age_days,
        customer_count, 0.5 AS customer_share, 0.5 AS previous_share, 0.0 AS share_change, -0.1 AS share_change_low,
        0.1 AS share_change_high, 3 AS common_count, 1 AS entered_count, 0 AS left_count, 0.5 AS kept_share,
        0.9 AS jaccard_share, 0.8 AS jaccard_low_share, 1.0 AS jaccard_high_share, 0.3 AS silhouette,
        NULL::VARCHAR AS rival_segment_id, NULL::DOUBLE AS rival_distance, NULL::VARCHAR AS rival_kind,
        false AS is_viable, 0.5 AS order_share, 30 AS order_days, true AS is_own_order_share,
        NULL::DOUBLE AS detectable_lift_share, NULL::VARCHAR AS channel_name, 2 AS reachable_count,
        0.5 AS reachable_share, 'order_count' AS distinct_kpi_name, 0.1 AS distinct_effect, 1.0 AS distinct_p_adjusted,
        'order_count' AS narrow_kpi_name, 1.0 AS spread_ratio, NULL::VARCHAR AS traits, 'watch' AS verdict_name,
        false AS is_suppressed
    FROM (
        VALUES ('k.one', 2), ('k.two', 2), ('lifecycle.new', 2), ('lifecycle.active', 2), ('topics.bread', 4),
        ('topics.web', 3)
    ) AS segments (segment_id, customer_count)
"""
FIT = """
    SELECT 'k' AS segmentation_id, 'order_count' AS kpi_name, 2 AS segment_count, 4 AS customer_count,
        0.1 AS explained_share, DATE '2025-05-31' AS trained_date, 1.1 AS error, 1.0 AS error_at_fit,
        'd' AS definition_sha256
"""
FINDING = """
    SELECT 1 AS finding_no, 'k' AS segmentation_id, 'k.one' AS segment_id, 'small_segment' AS finding_name,
        'warning' AS severity_name, '2 customers' AS evidence, 'merge it' AS advice, 2.0 AS figure, 50.0 AS threshold,
        'k.two' AS other_segment_id, false AS is_accepted, NULL::VARCHAR AS accepted_because
"""

#: By table, what rooms that the corridor of tests does not run would write.
FIGURES = {
    **PREDICTED,
    "monitoring.drift": DRIFT,
    "monitoring.emerging_segment": CANDIDATE,
    "monitoring.emerging_member": CANDIDATE_MEMBER,
    "monitoring.segment_effect": EFFECT,
    "monitoring.segment_event": EVENT,
    "monitoring.profile": PROFILE,
    "monitoring.comment_model": COMMENT_MODEL,
    "monitoring.comment_class": COMMENT_CLASS,
    "monitoring.segment_health": HEALTH,
    "monitoring.segmentation_fit": FIT,
    "monitoring.audit_finding": FINDING,
}
