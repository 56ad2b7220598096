-- what: one row is what the text models make of the comment of one piece of feedback
-- why: what customers write tells more than their stars, and their words do not leave staging
-- grain: global
-- column feedback_id: the feedback [id]
-- column sentiment_name: negative, neutral or positive; NULL: unknown, or nothing is labelled [category]
-- column sentiment_score: probability of positive minus that of negative, -1 to 1; NULL: unknown
-- column sentiment_confidence_share: calibrated probability of the likeliest sentiment; NULL: no word is known [unit=share]
-- column theme_name: what it is about, as labelled comments call it; NULL: unknown, or themes are not told of this sentiment [category]
-- column theme_confidence_share: calibrated probability of the likeliest theme; NULL: as the name, or no word is known [unit=share]
-- This says which comments there are; `tasks/comments` fills in what they say, where comments are labelled.
SELECT
    feedback.feedback_id,
    labelled.sentiment_name,
    CAST(NULL AS DOUBLE) AS sentiment_score,
    CAST(NULL AS DOUBLE) AS sentiment_confidence_share,
    labelled.theme_name,
    CAST(NULL AS DOUBLE) AS theme_confidence_share
FROM staging.feedback AS feedback
-- No row meets: it only says that names come from the labels, so that a label that is protected stays here, too.
LEFT JOIN staging.labelled_comments AS labelled ON FALSE
WHERE regexp_matches(feedback.comment_text, '\S')
