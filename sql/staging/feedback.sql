-- what: one row is one rating, recommendation score, comment or complaint, in the newest version known at the end of the as-of day
-- why: sources repeat and correct feedback; each is counted once
-- grain: global
-- incremental: feedback_id
-- column feedback_id: the feedback [id]
-- column customer_id: who gave it [id]
-- column given_at: when it was given [date]
-- column rating: 1 (worst) to 5
-- column recommend_score: 0 to 10, as asked for the net promoter score
-- column is_complaint: a complaint; false where the source does not say [flag]
-- column channel_name: where it was given [category]
-- column comment_text: free text [id]
SELECT
    feedback_id,
    customer_id,
    given_at,
    rating,
    recommend_score,
    coalesce(is_complaint, FALSE) AS is_complaint,
    channel_name,
    comment_text
FROM raw.feedback
WHERE given_at < {{ as_of_end }}
WINDOW
    newest_first AS (
        PARTITION BY feedback_id ORDER BY given_at DESC, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first = 1
