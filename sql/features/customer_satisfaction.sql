-- what: one row is how content a customer is: by his ratings, recommendation, complaints and requests to service
-- why: a promoter is asked for a word, a detractor is listened to before he gets another offer
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column nps_class_name: promoter (9 or 10), passive (7 or 8) or detractor (0 to 6) by the newest recommendation score (Reichheld 2003, Harvard Business Review 81(12)); NULL: none given [category]
-- column rating_last: newest rating, 1 (worst) to 5; NULL: none given [range=1..5]
{%- for days in windows %}
-- column rating_{{ days }}d_mean: mean of the ratings of the {{ days }} days that end with the as-of day, each taken to 4 decimals; NULL: none given [range=1..5]
-- column complaint_{{ days }}d_count: complaints in the {{ days }} days that end with the as-of day [unit=times]
{%- endfor %}
-- column last_complaint_days: days since the last complaint; NULL: none made [unit=days; cumulative]
-- column request_count: requests to service, which are contacts of which is known whether they were settled [unit=requests; cumulative]
-- column unresolved_request_count: of those the ones that were not settled [unit=requests; cumulative]
-- column unresolved_request_share: their part of the requests; NULL: none made [unit=share; range=0..1]
WITH
voices AS (
    SELECT
        customer_id,
        arg_max(recommend_score, (given_at, feedback_id)) AS recommend_score,
        arg_max(rating, (given_at, feedback_id)) AS rating_last,
        {%- for days in windows %}
        count(rating) FILTER (WHERE CAST(given_at AS DATE) > {{ as_of }} - {{ days }}) AS rating_{{ days }}d_count,
        -- Decimals add up to the same in any order; floats do not.
        sum(CAST(rating AS DECIMAL(18, 4))) FILTER (WHERE CAST(given_at AS DATE) > {{ as_of }} - {{ days }})
            AS rating_{{ days }}d_sum,
        count(*) FILTER (WHERE is_complaint AND CAST(given_at AS DATE) > {{ as_of }} - {{ days }})
            AS complaint_{{ days }}d_count,
        {%- endfor %}
        CAST(max(given_at) FILTER (WHERE is_complaint) AS DATE) AS last_complaint_date
    FROM staging.feedback
    GROUP BY customer_id
),

requests AS (
    SELECT
        customer_id,
        count(*) AS request_count,
        count(*) FILTER (WHERE NOT is_resolved) AS unresolved_request_count
    FROM staging.interactions
    WHERE customer_id IS NOT NULL AND is_resolved IS NOT NULL
    GROUP BY customer_id
)

SELECT
    customer_id,
    CASE
        WHEN recommend_score >= 9 THEN 'promoter'
        WHEN recommend_score >= 7 THEN 'passive'
        WHEN recommend_score >= 0 THEN 'detractor'
    END AS nps_class_name,
    rating_last,
    {%- for days in windows %}
    CASE WHEN rating_{{ days }}d_count > 0 THEN rating_{{ days }}d_sum / rating_{{ days }}d_count END
        AS rating_{{ days }}d_mean,
    coalesce(complaint_{{ days }}d_count, 0) AS complaint_{{ days }}d_count,
    {%- endfor %}
    {{ as_of }} - last_complaint_date AS last_complaint_days,
    coalesce(request_count, 0) AS request_count,
    coalesce(unresolved_request_count, 0) AS unresolved_request_count,
    CASE WHEN request_count > 0 THEN unresolved_request_count / request_count END AS unresolved_request_share
FROM staging.customers
LEFT JOIN voices USING (customer_id)
LEFT JOIN requests USING (customer_id)
