-- what: one row is one comment with its labels, in the newest version known at the end of the as-of day
-- why: sentiment and theme of all other comments are learnt from these
-- grain: global
-- column comment_id: the comment [id]
-- column labelled_at: when it was labelled; NULL: always known [date]
-- column comment_text: free text [id]
-- column sentiment_name: negative, neutral or positive; NULL: not labelled [category]
-- column theme_name: what it is about; NULL: not labelled [category]
SELECT
    comment_id,
    labelled_at,
    comment_text,
    sentiment_name,
    theme_name
FROM raw.labelled_comments
WHERE labelled_at IS NULL OR labelled_at < {{ as_of_end }}
WINDOW
    newest_first AS (
        PARTITION BY comment_id
        ORDER BY labelled_at DESC NULLS LAST, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first = 1
