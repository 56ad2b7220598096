-- what: one row is a segment with its size and money at the as-of date
-- why: what a segment is worth, and whether it grows
-- grain: global
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
WITH sizes AS (
    SELECT
        membership.segmentation_id,
        membership.segment_id,
        count(*) AS customer_count,
        sum(CAST(feature.net_amount AS DECIMAL(18, 4))) AS net_amount,
        {%- for window in windows %}
        sum(CAST(feature.net_{{ window }}d_amount AS DECIMAL(18, 4))) AS net_{{ window }}d_amount,
        CAST(sum(feature.order_{{ window }}d_count) AS BIGINT) AS order_{{ window }}d_count,
        {%- endfor %}
        CAST(sum(feature.order_count) AS BIGINT) AS order_count,
        median(feature.recency_days) AS recency_median_days
    FROM segments.membership AS membership
    INNER JOIN features.customer_value AS feature
        ON
            membership.customer_id = feature.customer_id
            AND feature.run_id = {{ run_id }}
    WHERE membership.run_id = {{ run_id }}
    GROUP BY membership.segmentation_id, membership.segment_id
),

moved AS (
    SELECT
        segmentation_id,
        segment_id,
        CAST(sum(entered_count) AS BIGINT) AS entered_count,
        CAST(sum(left_count) AS BIGINT) AS left_count
    FROM (
        SELECT
            segmentation_id,
            to_segment_id AS segment_id,
            customer_count AS entered_count,
            0 AS left_count
        FROM monitoring.transition
        WHERE run_id = {{ run_id }} AND to_segment_id IS NOT NULL AND from_segment_id IS DISTINCT FROM to_segment_id
        UNION ALL
        SELECT
            segmentation_id,
            from_segment_id AS segment_id,
            0 AS entered_count,
            customer_count AS left_count
        FROM monitoring.transition
        WHERE run_id = {{ run_id }} AND from_segment_id IS NOT NULL AND from_segment_id IS DISTINCT FROM to_segment_id
    )
    GROUP BY segmentation_id, segment_id
),

-- A customer in several segments of one segmentation counts once in its total.
totals AS (
    SELECT
        member.segmentation_id,
        count(*) AS customer_count,
        sum(CAST(feature.net_amount AS DECIMAL(18, 4))) AS net_amount
    FROM (
        SELECT DISTINCT
            segmentation_id,
            customer_id
        FROM segments.membership
        WHERE run_id = {{ run_id }}
    ) AS member
    INNER JOIN features.customer_value AS feature
        ON
            member.customer_id = feature.customer_id
            AND feature.run_id = {{ run_id }}
    GROUP BY member.segmentation_id
),

-- Every defined segment has a row, an empty one too: a segment that nobody is in must be seen to be empty.
defined AS (
    SELECT
        definition.segmentation_id,
        definition.segment_id,
        coalesce(sizes.customer_count, 0) AS customer_count,
        coalesce(sizes.net_amount, 0) AS net_amount,
        coalesce(sizes.order_count, 0) AS order_count,
        sizes.recency_median_days,
        {%- for window in windows %}
        coalesce(sizes.net_{{ window }}d_amount, 0) AS net_{{ window }}d_amount,
        coalesce(sizes.order_{{ window }}d_count, 0) AS order_{{ window }}d_count,
        {%- endfor %}
        coalesce(moved.entered_count, 0) AS entered_count,
        coalesce(moved.left_count, 0) AS left_count,
        totals.customer_count AS total_customer_count,
        totals.net_amount AS total_net_amount
    FROM segments.definition AS definition
    LEFT JOIN sizes ON definition.segment_id = sizes.segment_id
    LEFT JOIN moved ON definition.segment_id = moved.segment_id
    LEFT JOIN totals ON definition.segmentation_id = totals.segmentation_id
    WHERE definition.run_id = {{ run_id }} AND definition.status_name = 'active'
),

-- Segments that are larger than another one by a few, where a customer may be in several, and hold all of it.
holding AS (
    SELECT larger.segment_id
    FROM (
        SELECT
            outside.segment_id,
            inside.segment_id AS inner_id,
            inside.customer_count AS inner_count
        FROM defined AS outside
        INNER JOIN defined AS inside USING (segmentation_id)
        WHERE
            outside.segmentation_id IN ({{ multiple }})
            AND inside.customer_count > 0
            AND outside.customer_count - inside.customer_count BETWEEN 1 AND {{ min_group_size }} - 1
    ) AS larger
    INNER JOIN segments.membership AS outer_member
        ON larger.segment_id = outer_member.segment_id AND outer_member.run_id = {{ run_id }}
    INNER JOIN segments.membership AS inner_member
        ON
            larger.inner_id = inner_member.segment_id
            AND outer_member.customer_id = inner_member.customer_id
            AND inner_member.run_id = {{ run_id }}
    GROUP BY larger.segment_id, larger.inner_id, larger.inner_count
    HAVING count(*) = larger.inner_count
),

-- Segments that are few, or from which a few follow (see tasks/warehouse/small_groups.py): those who are in none of
-- them but another, and those who are in one beside all of a segment inside it.
few AS (
    SELECT segment_id
    FROM defined
    WHERE
        customer_count BETWEEN 1 AND {{ min_group_size }} - 1
        OR total_customer_count - customer_count BETWEEN 1 AND {{ min_group_size }} - 1
    UNION
    SELECT segment_id
    FROM holding
),

-- Segments that anybody is in, those first, then the smallest: with a segment that is left out, those that it would
-- follow from by subtraction are left out too, until two are, with enough customers between them.
ranked AS (
    SELECT
        defined.segment_id,
        few.segment_id IS NOT NULL AS is_few,
        row_number() OVER smallest_first AS place,
        bool_or(few.segment_id IS NOT NULL) OVER (PARTITION BY defined.segmentation_id) AS has_few,
        sum(defined.customer_count) OVER smallest_first - defined.customer_count AS smaller_count
    FROM defined
    LEFT JOIN few ON defined.segment_id = few.segment_id
    WHERE defined.customer_count > 0
    WINDOW
        smallest_first AS (
            PARTITION BY defined.segmentation_id
            ORDER BY few.segment_id IS NULL, defined.customer_count, defined.segment_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )
),

withheld AS (
    SELECT segment_id
    FROM ranked
    WHERE has_few AND (is_few OR place <= 2 OR smaller_count < {{ min_group_size }})
),

told AS (
    SELECT
        *,
        segment_id IN (SELECT withheld.segment_id FROM withheld) AS is_suppressed
    FROM defined
)

SELECT
    segmentation_id,
    segment_id,
    customer_count,
    coalesce(customer_count / nullif(total_customer_count, 0), 0) AS customer_share,
    CASE WHEN NOT is_suppressed THEN CAST(net_amount AS DOUBLE) END AS net_amount,
    CASE
        WHEN NOT is_suppressed
            THEN coalesce(CAST(net_amount AS DOUBLE) / nullif(CAST(total_net_amount AS DOUBLE), 0), 0)
    END AS net_share,
    CASE WHEN NOT is_suppressed THEN order_count END AS order_count,
    CASE
        WHEN NOT is_suppressed THEN CAST(net_amount AS DOUBLE) / nullif(order_count, 0)
    END AS average_order_amount,
    CASE WHEN NOT is_suppressed THEN CAST(recency_median_days AS DOUBLE) END AS recency_median_days,
    {%- for window in windows %}
    CASE WHEN NOT is_suppressed THEN CAST(net_{{ window }}d_amount AS DOUBLE) END AS net_{{ window }}d_amount,
    CASE WHEN NOT is_suppressed THEN order_{{ window }}d_count END AS order_{{ window }}d_count,
    {%- endfor %}
    entered_count,
    left_count,
    CASE WHEN {{ previous_run_id }} IS NOT NULL THEN entered_count - left_count END AS change_count,
    CASE
        WHEN {{ previous_run_id }} IS NOT NULL
            THEN (entered_count - left_count) / nullif(customer_count - entered_count + left_count, 0)
    END AS change_share,
    is_suppressed
FROM told
