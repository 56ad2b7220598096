-- what: one row is what was known of a customer at the end of a past day, of all who had ordered by then
-- why: a model learns from what was known then what came after; the same SELECT of the as-of day is what it foretells from
-- grain: customer
-- column customer_id: the buyer [id]
-- column recency_days: days since the last order; NULL: nothing bought, only returned [unit=days]
-- column tenure_days: days since the first order; NULL: nothing bought [unit=days; calendar]
-- column order_count: orders with at least one bought product [unit=orders; cumulative]
-- column net_amount: amount of all orders minus all returns [unit=currency; cumulative]
-- column order_day_count: days with at least one order [unit=days; cumulative]
-- column average_order_amount: mean amount of an order before returns; NULL: nothing bought [unit=currency]
-- column gap_mean_days: mean gap between consecutive order days; NULL: fewer than two [unit=days]
-- column gap_std_days: sample standard deviation of the gaps; NULL: fewer than three order days [unit=days]
-- column last_gap_days: gap between the last two order days; NULL: fewer than two [unit=days]
-- column overdue_ratio: days since the last order ÷ gap_mean_days; NULL: fewer than two order days
{%- for days in windows %}
-- column order_{{ days }}d_count: orders in the {{ days }} days that end with the day, each on the day of its first line [unit=orders]
-- column net_{{ days }}d_amount: amount of bought products minus returned ones in the {{ days }} days that end with the day, each line on its own day [unit=currency]
{%- endfor %}
-- column order_trend_share: orders in the {{ before_days }} days ÷ those in twice as many; NULL: none in these [unit=share]
-- column discount_{{ before_days }}d_share: discount ÷ amount before discount in the {{ before_days }} days, each line on its own day; NULL: nothing bought for money [unit=share]
-- column return_amount_share: returned ÷ bought amount, at most 1; NULL: nothing bought or returned for money [unit=share]
-- column units_per_order: mean units of an order; NULL: nothing bought [unit=units]
-- column lines_per_order: mean lines of bought products of an order; NULL: nothing bought [unit=lines]
-- column weekend_order_share: orders on Saturday or Sunday ÷ all orders; NULL: nothing bought [unit=share]
-- column top_channel_share: orders on the channel of most orders ÷ orders with a known channel; NULL: none [unit=share]
-- column category_{{ before_days }}d_count: categories bought from in the {{ before_days }} days [unit=categories]
-- column order_season_count: orders in the {{ reach_days }} days that follow the same day a year before, as far as they are past; NULL: the first order came after it [unit=orders]
-- column net_season_amount: amount of bought products minus returned ones in the same days, each line on its own day; NULL: likewise [unit=currency]
WITH
orders AS (
    SELECT
        customer_id,
        order_id,
        order_date,
        sum(purchase_line_count) > 0 AS is_purchase,
        min(channel_name) AS channel_name
    FROM order_day
    WHERE line_date <= {{ cut_off }}
    GROUP BY customer_id, order_id, order_date
),

ordered AS (
    SELECT
        customer_id,
        min(order_date) FILTER (WHERE is_purchase) AS first_order_date,
        max(order_date) FILTER (WHERE is_purchase) AS last_order_date,
        count(*) FILTER (WHERE is_purchase AND isodow(order_date) >= 6) AS weekend_count,
        {%- for days in windows %}
        count(*) FILTER (WHERE is_purchase AND order_date > {{ cut_off }} - {{ days }}) AS order_{{ days }}d_count,
        {%- endfor %}
        count(*) FILTER (WHERE is_purchase AND order_date > {{ cut_off }} - {{ before_days }}) AS before_count,
        count(*) FILTER (WHERE is_purchase AND order_date > {{ cut_off }} - 2 * {{ before_days }}) AS twice_count,
        count(*) FILTER (
            WHERE is_purchase
            AND order_date > {{ cut_off }} - 365
            AND order_date <= {{ cut_off }} - 365 + {{ reach_days }}
        ) AS season_count,
        count(*) FILTER (WHERE is_purchase) AS order_count
    FROM orders
    GROUP BY customer_id
),

bought AS (
    SELECT
        customer_id,
        sum(net_amount) AS net_amount,
        sum(gross_amount) AS gross_amount,
        sum(returned_amount) AS returned_amount,
        sum(unit_count) AS unit_count,
        sum(purchase_line_count) AS line_count,
        {%- for days in windows %}
        sum(net_amount) FILTER (WHERE line_date > {{ cut_off }} - {{ days }}) AS net_{{ days }}d_amount,
        {%- endfor %}
        sum(discount_amount) FILTER (WHERE line_date > {{ cut_off }} - {{ before_days }}) AS before_discount,
        sum(gross_amount) FILTER (WHERE line_date > {{ cut_off }} - {{ before_days }}) AS before_gross,
        sum(net_amount) FILTER (
            WHERE line_date > {{ cut_off }} - 365 AND line_date <= {{ cut_off }} - 365 + {{ reach_days }}
        ) AS season_amount
    FROM order_day
    WHERE line_date <= {{ cut_off }}
    GROUP BY customer_id
),

gaps AS (
    SELECT
        customer_id,
        order_date,
        -- The second order of a day has gap 0, which is no gap between days: one gap a day but the first is left.
        nullif(order_date - lag(order_date) OVER (PARTITION BY customer_id ORDER BY order_date), 0) AS gap_days
    FROM orders
    WHERE is_purchase
),

rhythm AS (
    SELECT
        customer_id,
        count(gap_days) AS gap_count,
        sum(gap_days) AS gap_sum,
        sum(gap_days * gap_days) AS gap_square_sum,
        arg_max(gap_days, order_date) AS last_gap_days
    FROM gaps
    GROUP BY customer_id
),

channels AS (
    SELECT
        customer_id,
        max(channel_order_count) AS top_count,
        sum(channel_order_count) AS known_count
    FROM (
        SELECT
            customer_id,
            channel_name,
            count(*) AS channel_order_count
        FROM orders
        WHERE is_purchase AND channel_name IS NOT NULL
        GROUP BY customer_id, channel_name
    )
    GROUP BY customer_id
),

breadth AS (
    SELECT
        customer_id,
        count(DISTINCT category_name) AS category_count
    FROM category_day
    WHERE line_date > {{ cut_off }} - {{ before_days }} AND line_date <= {{ cut_off }}
    GROUP BY customer_id
)

SELECT
    customer_id,
    {{ cut_off }} - last_order_date AS recency_days,
    {{ cut_off }} - first_order_date AS tenure_days,
    order_count,
    CAST(bought.net_amount AS DECIMAL(18, 4)) AS net_amount,
    CASE WHEN order_count > 0 THEN coalesce(gap_count, 0) + 1 ELSE 0 END AS order_day_count,
    CASE WHEN order_count > 0 THEN gross_amount / order_count END AS average_order_amount,
    CASE WHEN gap_count > 0 THEN gap_sum / gap_count END AS gap_mean_days,
    -- From whole numbers, so that no order of summation shows: (n Σx² − (Σx)²) ÷ n(n − 1).
    CASE
        WHEN gap_count > 1
            THEN sqrt((gap_count * gap_square_sum - gap_sum * gap_sum) / (gap_count * (gap_count - 1)))
    END AS gap_std_days,
    last_gap_days,
    CASE WHEN gap_count > 0 THEN ({{ cut_off }} - last_order_date) * gap_count / gap_sum END AS overdue_ratio,
    {%- for days in windows %}
    order_{{ days }}d_count,
    CAST(coalesce(net_{{ days }}d_amount, 0) AS DECIMAL(18, 4)) AS net_{{ days }}d_amount,
    {%- endfor %}
    CASE WHEN twice_count > 0 THEN before_count / twice_count END AS order_trend_share,
    CASE
        WHEN before_discount > 0 AND before_gross <= 0 THEN 1
        WHEN before_gross > 0 THEN before_discount / (before_gross + before_discount)
    END AS discount_{{ before_days }}d_share,
    CASE
        WHEN returned_amount > 0 AND returned_amount >= gross_amount THEN 1
        WHEN gross_amount > 0 THEN greatest(returned_amount, 0) / gross_amount
    END AS return_amount_share,
    CASE WHEN order_count > 0 THEN unit_count / order_count END AS units_per_order,
    CASE WHEN order_count > 0 THEN line_count / order_count END AS lines_per_order,
    CASE WHEN order_count > 0 THEN weekend_count / order_count END AS weekend_order_share,
    CASE WHEN known_count > 0 THEN top_count / known_count END AS top_channel_share,
    coalesce(category_count, 0) AS category_{{ before_days }}d_count,
    CASE WHEN first_order_date <= {{ cut_off }} - 365 THEN season_count END AS order_season_count,
    CASE
        WHEN first_order_date <= {{ cut_off }} - 365 THEN CAST(coalesce(season_amount, 0) AS DECIMAL(18, 4))
    END AS net_season_amount
FROM ordered
INNER JOIN bought USING (customer_id)
LEFT JOIN rhythm USING (customer_id)
LEFT JOIN channels USING (customer_id)
LEFT JOIN breadth USING (customer_id)
