-- what: one row is how reliably the items of one construct measure the same, on the respondents who answered all of them
-- why: a score of items that do not go together is a mean of different things, and no basis for segments
-- grain: global
-- column construct_name: the construct, as `features.constructs` calls it [id]
-- column item_count: its items [unit=items]
-- column respondent_count: customers who answered all of them, of each the newest answer on the scale [unit=customers]
-- column is_suppressed: there are fewer respondents than privacy.min_group_size, and no figure is told of them [flag]
-- column cronbach_alpha: k ÷ (k − 1) × (1 − sum of the variances of the k items ÷ variance of their sum), reversed items turned round (Cronbach 1951, Psychometrika 16(3), p. 299, equation 2); 1: they measure one thing, 0: nothing in common, negative: some should be reversed; NULL: one item, or everybody has the same sum
-- column score_mean: mean of the respondents' scores
-- column score_std: sample standard deviation of their scores; NULL: fewer than two
WITH
{%- set rows = [] %}
{%- for key, construct in constructs.items() %}
{%- set count = construct['items'] | length + construct['reversed_items'] | length %}
{%- set _ = rows.append('(%s, %d)' % (text(key), count)) %}
{%- endfor %}
-- A list of no rows is no SQL; no construct is called ''.
constructs (construct_name, item_count) AS (
    VALUES
    {{ rows | join(',\n    ') or "('', 0)" }}
),

respondents AS (
    SELECT
        answers.customer_id,
        answers.construct_name,
        sum(answers.item_score) AS score_sum
    FROM staging.construct_answers AS answers
    INNER JOIN constructs ON answers.construct_name = constructs.construct_name
    SEMI JOIN staging.customers AS customers ON answers.customer_id = customers.customer_id
    GROUP BY answers.customer_id, answers.construct_name, constructs.item_count
    HAVING count(*) = constructs.item_count
),

-- Whole sums of squares instead of variances: n(n − 1) times each variance is n Σx² − (Σx)², and all n are the same.
items AS (
    SELECT
        answers.construct_name,
        count(*) * sum(CAST(answers.item_score AS DECIMAL(18, 4)) * CAST(answers.item_score AS DECIMAL(18, 4)))
        - sum(answers.item_score) * sum(answers.item_score) AS spread
    FROM staging.construct_answers AS answers
    SEMI JOIN respondents
        ON answers.customer_id = respondents.customer_id AND answers.construct_name = respondents.construct_name
    GROUP BY answers.construct_name, answers.item_name
),

item_spreads AS (
    SELECT
        construct_name,
        sum(spread) AS item_spread
    FROM items
    GROUP BY construct_name
),

sums AS (
    SELECT
        construct_name,
        count(*) AS respondent_count,
        sum(score_sum) AS total,
        count(*) * sum(CAST(score_sum AS DECIMAL(18, 4)) * CAST(score_sum AS DECIMAL(18, 4)))
        - sum(score_sum) * sum(score_sum) AS sum_spread
    FROM respondents
    GROUP BY construct_name
),

measured AS (
    SELECT
        constructs.construct_name,
        constructs.item_count,
        coalesce(sums.respondent_count, 0) AS respondent_count,
        coalesce(sums.respondent_count, 0) < {{ min_group_size }} AS is_suppressed,
        sums.total,
        sums.sum_spread,
        item_spreads.item_spread
    FROM constructs
    LEFT JOIN sums ON constructs.construct_name = sums.construct_name
    LEFT JOIN item_spreads ON constructs.construct_name = item_spreads.construct_name
    WHERE constructs.construct_name <> ''
)

SELECT
    construct_name,
    item_count,
    respondent_count,
    is_suppressed,
    CASE
        WHEN NOT is_suppressed AND item_count > 1 AND sum_spread > 0
            THEN item_count / (item_count - 1) * (1 - item_spread / sum_spread)
    END AS cronbach_alpha,
    CASE
        WHEN NOT is_suppressed AND respondent_count > 0 THEN total / respondent_count / item_count
    END AS score_mean,
    CASE
        WHEN NOT is_suppressed AND respondent_count > 1
            THEN sqrt(sum_spread / respondent_count / (respondent_count - 1)) / item_count
    END AS score_std
FROM measured
