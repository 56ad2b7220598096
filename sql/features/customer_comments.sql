-- what: one row is what a customer's comments say: how he feels, and about what
-- why: words turn before orders do, and a complaint can be answered only if it is known what it is about
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column comment_count: comments whose sentiment the text model tells [unit=comments; cumulative]
-- column negative_comment_share: negative ones ÷ these comments; NULL: none [unit=share; range=0..1]
-- column positive_comment_share: positive ones ÷ these comments; NULL: none [unit=share; range=0..1]
-- column sentiment_mean: mean sentiment of these comments, -1 (negative) to 1 (positive), each taken to 4 decimals; NULL: none
{%- for days in windows %}
-- column comment_{{ days }}d_count: the same comments in the {{ days }} days that end with the as-of day [unit=comments]
-- column negative_comment_{{ days }}d_share: negative ones ÷ comments of these days; NULL: none [unit=share; range=0..1]
-- column sentiment_{{ days }}d_mean: mean sentiment of comments of these days; NULL: none
{%- endfor %}
-- column last_sentiment_name: sentiment of the newest of these comments; NULL: none [category]
-- column last_sentiment_score: the same as a number, -1 to 1; NULL: none
-- column top_theme_name: theme of most comments, in a tie the alphabetically first; NULL: no comment with a known theme [category]
-- column top_negative_theme_name: theme of most negative comments, in a tie the alphabetically first; NULL: none [category]
WITH
comments AS (
    SELECT
        feedback.customer_id,
        feedback.feedback_id,
        feedback.given_at,
        CAST(feedback.given_at AS DATE) AS given_date,
        told.sentiment_name,
        told.sentiment_score,
        -- Decimals add up to the same in any order; floats do not.
        CAST(told.sentiment_score AS DECIMAL(18, 4)) AS exact_score,
        told.theme_name
    FROM staging.feedback_sentiment AS told
    INNER JOIN staging.feedback AS feedback USING (feedback_id)
),

feelings AS (
    SELECT
        customer_id,
        count(*) AS comment_count,
        count(*) FILTER (WHERE sentiment_name = 'negative') AS negative_count,
        count(*) FILTER (WHERE sentiment_name = 'positive') AS positive_count,
        sum(exact_score) AS score_sum,
        {%- for days in windows %}
        count(*) FILTER (WHERE given_date > {{ as_of }} - {{ days }}) AS comment_{{ days }}d_count,
        count(*) FILTER (WHERE sentiment_name = 'negative' AND given_date > {{ as_of }} - {{ days }})
            AS negative_{{ days }}d_count,
        sum(exact_score) FILTER (WHERE given_date > {{ as_of }} - {{ days }}) AS score_{{ days }}d_sum,
        {%- endfor %}
        arg_max(sentiment_name, (given_at, feedback_id)) AS last_sentiment_name,
        arg_max(sentiment_score, (given_at, feedback_id)) AS last_sentiment_score
    FROM comments
    WHERE sentiment_name IS NOT NULL
    GROUP BY customer_id
),

by_theme AS (
    SELECT
        customer_id,
        theme_name,
        count(*) AS theme_count,
        count(*) FILTER (WHERE sentiment_name = 'negative') AS negative_count
    FROM comments
    WHERE theme_name IS NOT NULL
    GROUP BY customer_id, theme_name
),

themes AS (
    SELECT
        customer_id,
        min((-theme_count, theme_name)) AS top_theme,
        min((-negative_count, theme_name)) FILTER (WHERE negative_count > 0) AS top_negative_theme
    FROM by_theme
    GROUP BY customer_id
)

SELECT
    customer_id,
    coalesce(comment_count, 0) AS comment_count,
    CASE WHEN comment_count > 0 THEN negative_count / comment_count END AS negative_comment_share,
    CASE WHEN comment_count > 0 THEN positive_count / comment_count END AS positive_comment_share,
    CASE WHEN comment_count > 0 THEN score_sum / comment_count END AS sentiment_mean,
    {%- for days in windows %}
    coalesce(comment_{{ days }}d_count, 0) AS comment_{{ days }}d_count,
    CASE WHEN comment_{{ days }}d_count > 0 THEN negative_{{ days }}d_count / comment_{{ days }}d_count END
        AS negative_comment_{{ days }}d_share,
    CASE WHEN comment_{{ days }}d_count > 0 THEN score_{{ days }}d_sum / comment_{{ days }}d_count END
        AS sentiment_{{ days }}d_mean,
    {%- endfor %}
    last_sentiment_name,
    last_sentiment_score,
    top_theme[2] AS top_theme_name,
    top_negative_theme[2] AS top_negative_theme_name
FROM staging.customers
LEFT JOIN feelings USING (customer_id)
LEFT JOIN themes USING (customer_id)
