-- what: one row is how a customer answers: to campaigns, in ratings, scores and complaints, and with his consent
-- why: who responds is worth a contact, who complains should not get one, and satisfaction turns before sales do
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column campaign_contact_count: contacts by campaigns [unit=contacts; cumulative]
-- column campaign_response_count: contacts that the customer responded to by the as-of day [unit=contacts; cumulative]
-- column campaign_response_share: responses ÷ contacts; NULL: never contacted [unit=share; range=0..1]
-- column last_contact_days: days since the last contact; NULL: never contacted [unit=days; calendar; cumulative]
-- column rating_mean: mean of all ratings, 1 (worst) to 5, each taken to 4 decimals; NULL: none given [range=1..5]
-- column feedback_count: ratings, scores, comments and complaints given [unit=times; cumulative]
-- column complaint_count: complaints [unit=times; cumulative]
-- column recommend_score_last: newest recommendation score, 0 to 10; NULL: none given [range=0..10]
-- column has_marketing_consent: consents to marketing on a channel at least; NULL: no decision is known [flag]
WITH
contacts AS (
    SELECT
        customer_id,
        count(*) AS contact_count,
        count(*) FILTER (WHERE has_responded) AS response_count,
        CAST(max(contacted_at) AS DATE) AS last_contact_date
    FROM staging.campaign_contacts
    GROUP BY customer_id
),

voices AS (
    SELECT
        customer_id,
        count(*) AS feedback_count,
        count(*) FILTER (WHERE is_complaint) AS complaint_count,
        count(rating) AS rating_count,
        -- Decimals add up to the same in any order; floats do not.
        sum(CAST(rating AS DECIMAL(18, 4))) AS rating_sum,
        arg_max(recommend_score, (given_at, feedback_id)) AS recommend_score_last
    FROM staging.feedback
    GROUP BY customer_id
),

decisions AS (
    SELECT
        customer_id,
        bool_or(has_consent) AS has_marketing_consent
    FROM staging.consents
    WHERE purpose_name = 'marketing'
    GROUP BY customer_id
)

SELECT
    customer_id,
    coalesce(contact_count, 0) AS campaign_contact_count,
    coalesce(response_count, 0) AS campaign_response_count,
    CASE WHEN contact_count > 0 THEN response_count / contact_count END AS campaign_response_share,
    {{ as_of }} - last_contact_date AS last_contact_days,
    CASE WHEN rating_count > 0 THEN rating_sum / rating_count END AS rating_mean,
    coalesce(feedback_count, 0) AS feedback_count,
    coalesce(complaint_count, 0) AS complaint_count,
    recommend_score_last,
    has_marketing_consent
FROM staging.customers
LEFT JOIN contacts USING (customer_id)
LEFT JOIN voices USING (customer_id)
LEFT JOIN decisions USING (customer_id)
