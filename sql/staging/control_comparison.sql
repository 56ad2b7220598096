-- what: one row is one day of a source of order lines that another system controls: what that system says beside what was staged
-- why: a day lost, delivered twice or in another currency shows where two systems are put side by side
-- grain: global
-- column controlled_source_name: the source of order lines [id]
-- column control_date: the day; from the first to the last day that is stated of the source [date]
-- column is_stated: there is a statement of the day [flag]
-- column stated_line_count: lines as stated; NULL: not stated [unit=lines]
-- column stated_order_count: orders as stated; NULL: not stated [unit=orders]
-- column stated_net_amount: amount as stated; NULL: not stated [unit=currency]
-- column line_count: lines as staged, each in its newest version, postage, cancellations and returns included [unit=lines]
-- column order_count: different orders with a line of the day [unit=orders]
-- column net_amount: amount of these lines, returns and cancellations negative [unit=currency]
WITH
controlled AS (
    SELECT
        controlled_source_name,
        min(control_date) AS first_date,
        max(control_date) AS last_date
    FROM staging.control_totals
    GROUP BY controlled_source_name
),

-- Where nothing is controlled the join leaves no line to be counted.
staged AS (
    SELECT
        lines.source_name AS controlled_source_name,
        CAST(lines.ordered_at AS DATE) AS control_date,
        count(*) AS line_count,
        count(DISTINCT lines.order_id) AS order_count,
        CAST(sum(lines.line_amount) AS DECIMAL(18, 4)) AS net_amount
    FROM staging.order_lines AS lines
    INNER JOIN controlled ON lines.source_name = controlled.controlled_source_name
    WHERE CAST(lines.ordered_at AS DATE) BETWEEN controlled.first_date AND controlled.last_date
    GROUP BY ALL
)

SELECT
    controlled_source_name,
    control_date,
    stated.control_date IS NOT NULL AS is_stated,
    stated.line_count AS stated_line_count,
    stated.order_count AS stated_order_count,
    stated.net_amount AS stated_net_amount,
    coalesce(staged.line_count, 0) AS line_count,
    coalesce(staged.order_count, 0) AS order_count,
    coalesce(staged.net_amount, 0) AS net_amount
FROM staging.control_totals AS stated
FULL JOIN staged USING (controlled_source_name, control_date)
ORDER BY controlled_source_name, control_date
