-- what: one row is a segment with its size and money at a date
-- why: what a segment is worth, and whether it grows
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column segmentation_id: the segmentation [id]
-- column segment_id: the segment [id]
-- column customer_count: customers in it [unit=customers]
-- column customer_share: share of the segmentation's customers [unit=share]
-- column net_amount: orders minus returns, all time; as all figures of money, orders and recency NULL where is_suppressed [unit=currency]
-- column net_share: share of the segmentation's net amount [unit=share]
-- column order_count: orders, all time [unit=orders]
-- column average_order_amount: net amount per order [unit=currency]
-- column recency_median_days: median days since the last order [unit=days]
{%- for window in windows %}
-- column net_{{ window }}d_amount: products bought minus returned ones in the last {{ window }} days, each line on its own day [unit=currency]
-- column order_{{ window }}d_count: orders in the last {{ window }} days, each on the day of its first line [unit=orders]
{%- endfor %}
-- column entered_count: customers who came in since the previous run [unit=customers]
-- column left_count: customers who went out since the previous run [unit=customers]
-- column change_count: customers now minus then; null on the first run [unit=customers]
-- column change_share: the change as a share of then [unit=share]
-- column is_suppressed: figures of money, orders and recency would tell of fewer customers than privacy.min_group_size, by themselves or by subtraction from those of all customers [flag]
SELECT
    as_of_date,
    run_id,
    segmentation_id,
    segment_id,
    customer_count,
    customer_share,
    net_amount,
    net_share,
    order_count,
    average_order_amount,
    recency_median_days,
    {%- for window in windows %}
    net_{{ window }}d_amount,
    order_{{ window }}d_count,
    {%- endfor %}
    entered_count,
    left_count,
    change_count,
    change_share,
    -- Runs of before this was kept have none.
    coalesce(is_suppressed, FALSE) AS is_suppressed
FROM monitoring.kpi
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, segment_id
