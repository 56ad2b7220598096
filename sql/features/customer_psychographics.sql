-- what: one row is what a customer says of himself in surveys, as scores of the constructs that the workspace declares
-- why: what people think and like tells apart who buys alike, and lasts longer than what they bought last
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
{%- set counts = {} %}
{%- for key, construct in constructs.items() %}
{%- set count = construct['items'] | length + construct['reversed_items'] | length %}
{%- set _ = counts.update({key: count}) %}
{%- set meaning = (construct['meaning'] or key).split() | join(' ') %}
{%- set scale = '%g to %g' % (construct['scale'][0], construct['scale'][1]) %}
{%- set range = '%g..%g' % (construct['scale'][0], construct['scale'][1]) %}
{%- set least = '%g %%' % (100 * construct['min_answered_share']) %}
-- column {{ key }}_score: {{ meaning }}; mean of {{ count }} item{{ 's' if count > 1 }} on a scale of {{ scale }}, reversed ones turned round, each to 4 decimals; of each the newest answer counts that is on the scale; NULL: fewer than {{ least }} of the items answered [range={{ range }}]
{%- endfor %}
-- column survey_count: surveys answered [unit=surveys; cumulative]
-- column last_survey_days: days since the last answer; NULL: none given [unit=days; cumulative]
WITH
scored AS (
    SELECT
        {%- for key in constructs %}
        count(*) FILTER (WHERE construct_name = {{ text(key) }}) AS {{ key }}_item_count,
        sum(item_score) FILTER (WHERE construct_name = {{ text(key) }}) AS {{ key }}_item_sum,
        {%- endfor %}
        customer_id
    FROM staging.construct_answers
    GROUP BY customer_id
),

surveys AS (
    SELECT
        customer_id,
        count(DISTINCT survey_id) AS survey_count,
        CAST(max(answered_at) AS DATE) AS last_survey_date
    FROM staging.survey_answers
    GROUP BY customer_id
)

SELECT
    customer_id,
    {%- for key, construct in constructs.items() %}
    CASE
        WHEN {{ key }}_item_count >= {{ construct['min_answered_share'] }} * {{ counts[key] }}
            THEN {{ key }}_item_sum / {{ key }}_item_count
    END AS {{ key }}_score,
    {%- endfor %}
    coalesce(survey_count, 0) AS survey_count,
    {{ as_of }} - last_survey_date AS last_survey_days
FROM staging.customers
LEFT JOIN scored USING (customer_id)
LEFT JOIN surveys USING (customer_id)
