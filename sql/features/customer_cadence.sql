-- what: one row is a customer's buying rhythm: the gaps between the days on which he ordered
-- why: ninety days of silence are a pause for one customer and a loss for another; the rhythm tells which
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column order_day_count: days with at least one order [unit=days; cumulative]
-- column gap_mean_days: mean gap between consecutive order days; NULL: fewer than two [unit=days]
-- column gap_median_days: median gap between consecutive order days; NULL: fewer than two [unit=days]
-- column gap_std_days: sample standard deviation of the gaps; NULL: fewer than three order days [unit=days]
-- column last_gap_days: gap between the last two order days; NULL: fewer than two [unit=days]
-- column overdue_ratio: days since the last order ÷ gap_mean_days; above 1 he is later than usual; NULL: fewer than two order days [cumulative]
WITH
gaps AS (
    SELECT
        customer_id,
        order_date,
        -- The second order of a day has gap 0, which is no gap between days: one gap a day but the first is left.
        nullif(order_date - lag(order_date) OVER (PARTITION BY customer_id ORDER BY order_date), 0) AS gap_days
    FROM staging.orders
    WHERE is_purchase
),

rhythm AS (
    SELECT
        customer_id,
        max(order_date) AS last_order_date,
        count(gap_days) AS gap_count,
        sum(gap_days) AS gap_sum,
        sum(gap_days * gap_days) AS gap_square_sum,
        median(gap_days) AS gap_median_days,
        arg_max(gap_days, order_date) AS last_gap_days
    FROM gaps
    GROUP BY customer_id
)

SELECT
    customer_id,
    coalesce(gap_count + 1, 0) AS order_day_count,
    CASE WHEN gap_count > 0 THEN gap_sum / gap_count END AS gap_mean_days,
    gap_median_days,
    -- From whole numbers, so that no order of summation shows: (n Σx² − (Σx)²) ÷ n(n − 1).
    CASE
        WHEN gap_count > 1
            THEN sqrt((gap_count * gap_square_sum - gap_sum * gap_sum) / (gap_count * (gap_count - 1)))
    END AS gap_std_days,
    last_gap_days,
    CASE WHEN gap_count > 0 THEN ({{ as_of }} - last_order_date) * gap_count / gap_sum END AS overdue_ratio
FROM staging.customers
LEFT JOIN rhythm USING (customer_id)
