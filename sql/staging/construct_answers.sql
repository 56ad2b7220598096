-- what: one row is what a customer answered to one item of a construct of the workspace, as a score that says more of it the higher it is
-- why: scores of customers and the reliability of constructs come from the same answers
-- grain: customer
-- column customer_id: who answered [id]
-- column construct_name: the construct, as `features.constructs` calls it [id]
-- column item_name: the item [id]
-- column is_reversed: the item says less of the construct the higher it is answered [flag]
-- column item_score: the newest answer on the construct's scale in any of its surveys, of reversed items turned round on the scale, to 4 decimals
WITH
-- A list of no rows is no SQL; no item is called ''.
items (construct_name, survey_id, item_name, is_reversed, lowest, highest) AS (
    VALUES
    {%- set rows = [] %}
    {%- for key, construct in constructs.items() %}
    {%- set survey = text(construct['survey']) if construct['survey'] else 'CAST(NULL AS VARCHAR)' %}
    {%- set scale = '%r, %r' % (construct['scale'][0], construct['scale'][1]) %}
    {%- for items, is_reversed in [(construct['items'], 'FALSE'), (construct['reversed_items'], 'TRUE')] %}
    {%- for item in items %}
    {%- set _ = rows.append('(%s, %s, %s, %s, %s)' % (text(key), survey, text(item), is_reversed, scale)) %}
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}
    {{ rows | join(',\n    ') or "('', '', '', FALSE, 0, 0)" }}
)

SELECT
    answers.customer_id,
    items.construct_name,
    items.item_name,
    items.is_reversed,
    CAST(
        CASE
            WHEN items.is_reversed THEN items.lowest + items.highest - answers.answer_score
            ELSE answers.answer_score
        END AS DECIMAL(18, 4)
    ) AS item_score
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
