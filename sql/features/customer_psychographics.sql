-- what: one row is what a customer says of himself in surveys, as scores of the constructs that the workspace declares
-- why: what people think and like tells apart who buys alike, and lasts longer than what they bought last
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
{%- set items, counts = [], {} %}
{%- for key, construct in constructs.items() %}
{%- set meaning = (construct['meaning'] or key).split() | join(' ') %}
{%- set low, high = construct['scale'] %}
{%- set turned = (construct['items'] | length) * ['FALSE'] + (construct['reversed_items'] | length) * ['TRUE'] %}
-- column {{ key }}_score: {{ meaning }}; mean of {{ turned | length }} item{{ 's' if turned | length > 1 }} on a scale of {{ '%g' % low }} to {{ '%g' % high }}, reversed ones turned round, each taken to 4 decimals; the newest answer to an item counts, and none outside the scale; NULL: fewer than {{ '%g' % (100 * construct['min_answered_share']) }} % of the items answered
{%- set _ = counts.update({key: turned | length}) %}
{%- for item in construct['items'] + construct['reversed_items'] %}
{%- set survey = text(construct['survey']) if construct['survey'] else 'CAST(NULL AS VARCHAR)' %}
{%- set row = [text(key), survey, text(item), turned[loop.index0], '%r' % low, '%r' % high] %}
{%- set _ = items.append('(' ~ row | join(', ') ~ ')') %}
{%- endfor %}
{%- endfor %}
-- column survey_count: surveys answered [unit=surveys; cumulative]
-- column last_survey_days: days since the last answer; NULL: none given [unit=days; cumulative]
WITH
-- A list of no rows is no SQL; no item is called ''.
items (construct_name, survey_id, item_name, is_reversed, lowest, highest) AS (
    VALUES
    {{ items | join(',\n    ') or "('', '', '', FALSE, 0, 0)" }}
),

answered AS (
    SELECT
        answers.customer_id,
        items.construct_name,
        CASE
            WHEN items.is_reversed THEN items.lowest + items.highest - answers.answer_score
            ELSE answers.answer_score
        END AS item_score
    FROM staging.survey_answers AS answers
    INNER JOIN items
        ON
            answers.item_name = items.item_name
            AND answers.survey_id = coalesce(items.survey_id, answers.survey_id)
            AND answers.answer_score BETWEEN items.lowest AND items.highest
    WINDOW
        newest_first AS (
            PARTITION BY answers.customer_id, items.construct_name, items.item_name
            ORDER BY answers.answered_at DESC, answers.survey_id DESC
        )
    QUALIFY row_number() OVER newest_first = 1
),

scored AS (
    SELECT
        -- Decimals add up to the same in any order; floats do not.
        {%- for key in constructs %}
        count(*) FILTER (WHERE construct_name = {{ text(key) }}) AS {{ key }}_item_count,
        sum(CAST(item_score AS DECIMAL(18, 4))) FILTER (WHERE construct_name = {{ text(key) }}) AS {{ key }}_item_sum,
        {%- endfor %}
        customer_id
    FROM answered
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
