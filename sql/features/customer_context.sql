{%- set dayparts = ['morning', 'lunch', 'afternoon', 'dinner', 'night'] -%}
{%- set weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] -%}
{%- set seasons = ['spring', 'summer', 'autumn', 'winter'] -%}
-- what: one row is where and when a customer orders: channel, time of day, weekday, season
-- why: says on which channel and at what time a message meets him
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column top_channel_name: channel of most orders, in a tie the alphabetically first; NULL: no order with a known channel [category]
-- column channel_count: different channels ordered on [unit=channels; cumulative]
-- column top_daypart_name: part of the day of most orders, in a tie the earlier named: morning 5–11 h, lunch 11–15 h, afternoon 15–17 h, dinner 17–22 h, night 22–5 h; NULL: no order with a time of day (00:00:00 is taken for a date only) [category]
-- column weekend_order_share: orders on Saturday or Sunday ÷ all orders; NULL: never ordered [unit=share; range=0..1]
-- column december_order_share: orders in December ÷ all orders; in less than a year of history it tells when he came; NULL: never ordered [unit=share; range=0..1; cumulative]
-- column top_channel_share: orders on it ÷ orders with a known channel; NULL: no such order [unit=share; range=0..1]
-- column second_channel_name: channel of the second most orders, in a tie the alphabetically first; NULL: fewer than two channels [category]
-- column second_channel_share: orders on it ÷ orders with a known channel; NULL: fewer than two channels [unit=share; range=0..1]
-- column online_order_share: orders on the web or in an app (channels called web, website, webshop, online, internet, ecommerce, e-commerce, app, mobile) ÷ orders with a known channel; NULL: no such order [unit=share; range=0..1]
{%- for daypart in dayparts %}
-- column {{ daypart }}_order_share: orders in the part of the day called {{ daypart }} ÷ orders with a time of day; NULL: no such order [unit=share; range=0..1]
{%- endfor %}
-- column top_weekday_name: day of the week of most orders, in a tie the earlier one, from monday on; NULL: never ordered [category]
{%- for season in seasons %}
-- column {{ season }}_order_share: orders in {{ season }} ÷ all orders; in less than a year of history it tells when he came; NULL: never ordered [unit=share; range=0..1; cumulative]
{%- endfor %}
-- column top_season_name: season of most orders, in a tie the earlier named: spring March to May, summer June to August, autumn September to November, winter December to February; NULL: never ordered [category; cumulative]
WITH
by_channel AS (
    SELECT
        customer_id,
        channel_name,
        count(*) AS order_count,
        count(*) FILTER (WHERE isodow(order_date) >= 6) AS weekend_count,
        count(*) FILTER (WHERE month(order_date) = 12) AS december_count,
        {%- for weekday in weekdays %}
        count(*) FILTER (WHERE isodow(order_date) = {{ loop.index }}) AS {{ weekday }}_count,
        {%- endfor %}
        {%- for season in seasons %}
        count(*) FILTER (WHERE month(order_date) % 12 // 3 = {{ loop.index % 4 }}) AS {{ season }}_count,
        {%- endfor %}
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
        -- The two of most orders; a list of one has no second.
        min((-order_count, channel_name), 2) FILTER (WHERE channel_name IS NOT NULL) AS tops,
        count(channel_name) AS channel_count,
        sum(order_count) FILTER (WHERE channel_name IS NOT NULL) AS channel_order_count,
        sum(order_count) FILTER (
            WHERE lower(channel_name) IN (
                'web', 'website', 'webshop', 'online', 'internet', 'ecommerce', 'e-commerce', 'app', 'mobile'
            )
        ) AS online_count,
        sum(weekend_count) AS weekend_count,
        sum(december_count) AS december_count,
        {%- for part in weekdays + seasons + dayparts %}
        sum({{ part }}_count) AS {{ part }}_count,
        {%- endfor %}
        sum(order_count) AS order_count
    FROM by_channel
    GROUP BY customer_id
),

orders AS (
    SELECT
        *,
        {%- for kind, parts in [('weekday', weekdays), ('season', seasons), ('daypart', dayparts)] %}
        greatest({{ parts | join('_count, ') }}_count) AS top_{{ kind }}_count,
        {%- endfor %}
        {{ dayparts | join('_count + ') }}_count AS timed_count
    FROM summed
)

SELECT
    customer_id,
    tops[1][2] AS top_channel_name,
    coalesce(channel_count, 0) AS channel_count,
    CASE
        WHEN top_daypart_count = 0 THEN NULL
        {%- for daypart in dayparts %}
        WHEN {{ daypart }}_count = top_daypart_count THEN '{{ daypart }}'
        {%- endfor %}
    END AS top_daypart_name,
    CASE WHEN order_count > 0 THEN weekend_count / order_count END AS weekend_order_share,
    CASE WHEN order_count > 0 THEN december_count / order_count END AS december_order_share,
    CASE WHEN channel_order_count > 0 THEN -tops[1][1] / channel_order_count END AS top_channel_share,
    tops[2][2] AS second_channel_name,
    CASE WHEN channel_order_count > 0 THEN -tops[2][1] / channel_order_count END AS second_channel_share,
    CASE
        WHEN channel_order_count > 0 THEN coalesce(online_count, 0) / channel_order_count
    END AS online_order_share,
    {%- for daypart in dayparts %}
    CASE WHEN timed_count > 0 THEN {{ daypart }}_count / timed_count END AS {{ daypart }}_order_share,
    {%- endfor %}
    CASE
        {%- for weekday in weekdays %}
        WHEN {{ weekday }}_count = top_weekday_count THEN '{{ weekday }}'
        {%- endfor %}
    END AS top_weekday_name,
    {%- for season in seasons %}
    CASE WHEN order_count > 0 THEN {{ season }}_count / order_count END AS {{ season }}_order_share,
    {%- endfor %}
    CASE
        {%- for season in seasons %}
        WHEN {{ season }}_count = top_season_count THEN '{{ season }}'
        {%- endfor %}
    END AS top_season_name
FROM staging.customers
LEFT JOIN orders USING (customer_id)
