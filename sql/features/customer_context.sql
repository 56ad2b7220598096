-- what: one row is where and when a customer orders: channel, time of day, weekend, December
-- why: says on which channel and at what time a message meets him
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column top_channel_name: channel of most orders, in a tie the alphabetically first; NULL: no order with a known channel [category]
-- column channel_count: different channels ordered on [unit=channels; cumulative]
-- column top_daypart_name: part of the day (UTC) of most orders, in a tie the earlier named: morning 5–11 h, lunch 11–15 h, afternoon 15–17 h, dinner 17–22 h, night 22–5 h; NULL: no order with a time of day (00:00:00 is taken for a date only) [category]
-- column weekend_order_share: orders on Saturday or Sunday ÷ all orders; NULL: never ordered [unit=share]
-- column december_order_share: orders in December ÷ all orders; NULL: never ordered [unit=share]
WITH
by_channel AS (
    SELECT
        customer_id,
        channel_name,
        count(*) AS order_count,
        count(*) FILTER (WHERE isodow(order_date) >= 6) AS weekend_count,
        count(*) FILTER (WHERE month(order_date) = 12) AS december_count,
        count(*) FILTER (WHERE hour(ordered_at) BETWEEN 5 AND 10) AS morning_count,
        count(*) FILTER (WHERE hour(ordered_at) BETWEEN 11 AND 14) AS lunch_count,
        count(*) FILTER (WHERE hour(ordered_at) BETWEEN 15 AND 16) AS afternoon_count,
        count(*) FILTER (WHERE hour(ordered_at) BETWEEN 17 AND 21) AS dinner_count,
        count(*) FILTER (WHERE (hour(ordered_at) < 5 OR hour(ordered_at) > 21) AND ordered_at > order_date)
            AS night_count
    FROM staging.orders
    WHERE is_purchase
    GROUP BY customer_id, channel_name
),

summed AS (
    SELECT
        customer_id,
        min((-order_count, channel_name)) FILTER (WHERE channel_name IS NOT NULL) AS top_channel,
        count(channel_name) AS channel_count,
        sum(order_count) AS order_count,
        sum(weekend_count) AS weekend_count,
        sum(december_count) AS december_count,
        sum(morning_count) AS morning_count,
        sum(lunch_count) AS lunch_count,
        sum(afternoon_count) AS afternoon_count,
        sum(dinner_count) AS dinner_count,
        sum(night_count) AS night_count
    FROM by_channel
    GROUP BY customer_id
),

orders AS (
    SELECT
        *,
        greatest(morning_count, lunch_count, afternoon_count, dinner_count, night_count) AS top_count
    FROM summed
)

SELECT
    customer_id,
    top_channel[2] AS top_channel_name,
    coalesce(channel_count, 0) AS channel_count,
    CASE
        WHEN top_count = 0 THEN NULL
        WHEN morning_count = top_count THEN 'morning'
        WHEN lunch_count = top_count THEN 'lunch'
        WHEN afternoon_count = top_count THEN 'afternoon'
        WHEN dinner_count = top_count THEN 'dinner'
        WHEN night_count = top_count THEN 'night'
    END AS top_daypart_name,
    CASE WHEN order_count > 0 THEN weekend_count / order_count END AS weekend_order_share,
    CASE WHEN order_count > 0 THEN december_count / order_count END AS december_order_share
FROM staging.customers
LEFT JOIN orders USING (customer_id)
