-- what: one row is the newest answer of a customer to one item of a survey, known at the end of the as-of day
-- why: constructs are scored from items; an answer that was given again counts as it was given last
-- grain: customer
-- column survey_id: the survey [id]
-- column customer_id: who answered [id]
-- column item_name: the item [id]
-- column answered_at: when he answered [date]
-- column answer_score: the score; NULL: left out, or no number
WITH
answered AS (
    SELECT
        survey_id,
        customer_id,
        answered_at,
        load_no,
        row_number,
        source_name,
        -- TRY: what was released from quarantine although it is no such object has no items.
        unnest(try(map_entries(from_json(answers, '"MAP(VARCHAR, VARCHAR)"')))) AS answer
    FROM raw.survey_answers
    WHERE answered_at < {{ as_of_end }}
),

items AS (
    SELECT
        survey_id,
        customer_id,
        struct_extract(answer, 'key') AS item_name,
        answered_at,
        try_cast(struct_extract(answer, 'value') AS DOUBLE) AS score,
        load_no,
        row_number,
        source_name
    FROM answered
)

SELECT
    survey_id,
    customer_id,
    item_name,
    answered_at,
    -- Texts such as NaN are no numbers, although they can be cast to one.
    CASE WHEN isfinite(score) THEN score END AS answer_score
FROM items
WINDOW
    newest_first AS (
        PARTITION BY survey_id, customer_id, item_name
        ORDER BY answered_at DESC, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first = 1
