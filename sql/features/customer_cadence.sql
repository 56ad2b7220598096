-- what: one row is a customer's buying rhythm: the gaps between the days on which he ordered
-- why: ninety days of silence are a pause for one customer and a loss for another; the rhythm tells which
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column order_day_count: days with at least one order [unit=days; cumulative]
-- column gap_mean_days: mean gap between consecutive order days; NULL: fewer than two [unit=days]
-- column gap_median_days: median gap between consecutive order days; NULL: fewer than two [unit=days]
-- column gap_std_days: sample standard deviation of the gaps; NULL: fewer than three order days [unit=days]
-- column last_gap_days: gap between the last two order days; NULL: fewer than two [unit=days]
-- column overdue_ratio: days since the last order ÷ gap_mean_days; above 1 he is later than usual; NULL: fewer than two order days [cumulative]
-- column gap_variation_ratio: gap_std_days ÷ gap_mean_days; 0: like clockwork, 1: as chance would have it (an exponential distribution); NULL: fewer than three order days
-- column is_regular: gap_variation_ratio is at most 0.5; NULL: fewer than three order days [flag]
-- column expected_next_order_date: last order day + gap_median_days, half days taken as whole ones; NULL: fewer than two order days [date]
-- column expected_next_order_days: days until expected_next_order_date, negative where it has passed; NULL: fewer than two order days [unit=days; cumulative]
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
),

-- Spreads come from whole numbers, so that no order of summation shows: (n Σx² − (Σx)²) ÷ n(n − 1).
spread AS (
    SELECT
        *,
        CASE
            WHEN gap_count > 1
                THEN sqrt((gap_count * gap_square_sum - gap_sum * gap_sum) / (gap_count * (gap_count - 1)))
        END AS gap_std_days,
        CASE WHEN gap_count > 0 THEN gap_sum / gap_count END AS gap_mean_days,
        last_order_date + CAST(ceil(gap_median_days) AS INTEGER) AS expected_next_order_date
    FROM rhythm
)

SELECT
    customer_id,
    coalesce(gap_count + 1, 0) AS order_day_count,
    gap_mean_days,
    gap_median_days,
    gap_std_days,
    last_gap_days,
    CASE WHEN gap_count > 0 THEN ({{ as_of }} - last_order_date) * gap_count / gap_sum END AS overdue_ratio,
    CASE WHEN gap_mean_days > 0 THEN gap_std_days / gap_mean_days END AS gap_variation_ratio,
    CASE WHEN gap_mean_days > 0 THEN gap_std_days <= 0.5 * gap_mean_days END AS is_regular,
    expected_next_order_date,
    expected_next_order_date - {{ as_of }} AS expected_next_order_days
FROM staging.customers
LEFT JOIN spread USING (customer_id)
