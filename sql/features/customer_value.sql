-- what: one row is what a customer has bought, when first and last, and how much of late
-- why: recency, frequency and monetary value are the base of most segmentations
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column recency_days: days since the last order; NULL: never ordered [unit=days]
-- column tenure_days: days since the first order; NULL: never ordered [unit=days; calendar]
-- column order_count: orders with at least one bought product; an order of returns only is none [unit=orders; cumulative]
-- column net_amount: amount of all orders, postage and fees left out, minus all returns [unit=currency; cumulative]
-- column average_order_amount: mean amount of an order before returns; NULL: never ordered [unit=currency]
-- column unit_count: units of bought products, returned ones included [unit=units; cumulative]
{%- for days in windows %}
-- column order_{{ days }}d_count: orders in the {{ days }} days that end with the as-of day, each on the day of its first line [unit=orders]
-- column net_{{ days }}d_amount: amount of bought products minus returned ones in the {{ days }} days that end with the as-of day, each line on its own day [unit=currency]
{%- endfor %}
-- column first_order_date: day of the first order; NULL: never ordered [date]
-- column last_order_date: day of the last order; NULL: never ordered [date]
WITH
ordered AS (
    SELECT
        customer_id,
        min(order_date) FILTER (WHERE is_purchase) AS first_order_date,
        max(order_date) FILTER (WHERE is_purchase) AS last_order_date,
        {%- for days in windows %}
        count(*) FILTER (WHERE is_purchase AND order_date > {{ as_of }} - {{ days }}) AS order_{{ days }}d_count,
        {%- endfor %}
        count(*) FILTER (WHERE is_purchase) AS order_count
    FROM staging.orders
    GROUP BY customer_id
),

bought AS (
    SELECT
        customer_id,
        sum(gross_amount) AS gross_amount,
        sum(net_amount) AS net_amount,
        {%- for days in windows %}
        sum(net_amount) FILTER (WHERE line_date > {{ as_of }} - {{ days }}) AS net_{{ days }}d_amount,
        {%- endfor %}
        sum(unit_count) AS unit_count
    FROM staging.order_days
    GROUP BY customer_id
)

SELECT
    customer_id,
    {{ as_of }} - last_order_date AS recency_days,
    {{ as_of }} - first_order_date AS tenure_days,
    coalesce(order_count, 0) AS order_count,
    CAST(coalesce(net_amount, 0) AS DECIMAL(18, 4)) AS net_amount,
    CASE WHEN order_count > 0 THEN gross_amount / order_count END AS average_order_amount,
    CAST(coalesce(unit_count, 0) AS DECIMAL(18, 3)) AS unit_count,
    {%- for days in windows %}
    coalesce(order_{{ days }}d_count, 0) AS order_{{ days }}d_count,
    CAST(coalesce(net_{{ days }}d_amount, 0) AS DECIMAL(18, 4)) AS net_{{ days }}d_amount,
    {%- endfor %}
    first_order_date,
    last_order_date
FROM staging.customers
LEFT JOIN ordered USING (customer_id)
LEFT JOIN bought USING (customer_id)
