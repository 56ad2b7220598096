-- what: one row is what is left of a customer's purchases after their costs and what was spent on him, as far as costs are known
-- why: who buys much at a discount and returns half of it may cost more than he brings
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column goods_cost_amount: units of product lines × the cost of a unit at that moment, each line to 4 decimals, returned ones given back; at any moment the newest cost of each purpose counts, and the costs of several purposes add up, as with orders; lines without a known cost are left out; NULL: no product has a known cost [unit=currency; cumulative]
-- column order_cost_amount: what his orders cost, by the costs of an order on their channel at that moment; where a channel has none of its own yet for a purpose, those for every channel; NULL: no cost of an order is known [unit=currency; cumulative]
-- column customer_cost_amount: what was spent on him; NULL: of no customer is such a cost known [unit=currency; cumulative]
-- column cost_known_share: bought product lines whose cost of a unit is known ÷ all; NULL: nothing bought, or no product has a known cost [unit=share; range=0..1]
-- column margin_amount: amount of bought minus returned products whose cost of a unit is known − goods_cost_amount − order_cost_amount − customer_cost_amount; NULL: no product has a known cost, or none that he bought [unit=currency; cumulative]
{%- for days in windows %}
-- column margin_{{ days }}d_amount: margin_amount of what was bought, returned, ordered and spent in the {{ days }} days that end with the as-of day, each line on its own day and the costs of an order on that of its first line; NULL: no product has a known cost, or none that he bought then [unit=currency]
{%- endfor %}
-- column margin_share: margin_amount ÷ amount of bought minus returned products whose cost of a unit is known; NULL: there is no margin_amount, or nothing above zero was bought [unit=share]
WITH
{%- for kind, key in [('unit', 'product_id'), ('order', 'channel_name')] %}
-- From when until when a cost of a {{ kind }} holds: of two of one moment the one of the later id, for the other ends as
-- it begins.
{{ kind }}_costs AS (
    SELECT
        {{ key }},
        coalesce(purpose_name, '') AS purpose_name,
        incurred_at AS valid_from,
        coalesce(lead(incurred_at) OVER in_time, {{ as_of_end }}) AS valid_until,
        cost_amount,
        first_value(coalesce(purpose_name, '')) OVER any_purpose = coalesce(purpose_name, '') AS is_first_purpose
    FROM staging.costs
    WHERE cost_kind_name = '{{ kind }}'{{ ' AND product_id IS NOT NULL' if kind == 'unit' }}
    WINDOW
        in_time AS (PARTITION BY {{ key }}, coalesce(purpose_name, '') ORDER BY incurred_at, cost_id),
        any_purpose AS (PARTITION BY {{ key }} ORDER BY incurred_at, cost_id)
),
{%- endfor %}

-- A line stands here once for each purpose of its costs; its amount counts with the purpose that its product has had first.
costed AS (
    SELECT
        lines.customer_id,
        lines.is_return,
        costs.is_first_purpose,
        CASE WHEN costs.is_first_purpose THEN lines.line_amount ELSE 0 END AS net_amount,
        CAST(
            CASE WHEN lines.is_return THEN -abs(lines.quantity) ELSE lines.quantity END * costs.cost_amount
            AS DECIMAL(18, 4)
        ) AS cost_amount,
        CAST(lines.ordered_at AS DATE) AS cost_date
    FROM staging.order_lines AS lines
    INNER JOIN unit_costs AS costs
        ON
            lines.product_id = costs.product_id
            AND lines.ordered_at >= costs.valid_from
            AND lines.ordered_at < costs.valid_until
    WHERE lines.customer_id IS NOT NULL AND lines.is_product
),

goods AS (
    SELECT
        customer_id,
        sum(cost_amount) AS goods_cost_amount,
        sum(net_amount) AS known_net_amount,
        {%- for days in windows %}
        sum(net_amount - cost_amount) FILTER (WHERE cost_date > {{ as_of }} - {{ days }}) AS goods_{{ days }}d_amount,
        count(*) FILTER (WHERE is_first_purpose AND NOT is_return AND cost_date > {{ as_of }} - {{ days }})
            AS known_{{ days }}d_count,
        {%- endfor %}
        count(*) FILTER (WHERE is_first_purpose AND NOT is_return) AS known_line_count
    FROM costed
    GROUP BY customer_id
),

own_channels AS (
    SELECT
        channel_name,
        purpose_name,
        min(valid_from) AS first_at
    FROM order_costs
    WHERE channel_name IS NOT NULL
    GROUP BY channel_name, purpose_name
),

order_parts AS (
    SELECT
        orders.customer_id,
        orders.order_date,
        costs.cost_amount
    FROM staging.orders AS orders
    INNER JOIN order_costs AS costs
        ON
            orders.channel_name = costs.channel_name
            AND orders.ordered_at >= costs.valid_from
            AND orders.ordered_at < costs.valid_until
    WHERE orders.is_purchase
    UNION ALL
    SELECT
        orders.customer_id,
        orders.order_date,
        costs.cost_amount
    FROM staging.orders AS orders
    INNER JOIN order_costs AS costs
        ON orders.ordered_at >= costs.valid_from AND orders.ordered_at < costs.valid_until
    LEFT JOIN own_channels
        ON orders.channel_name = own_channels.channel_name AND costs.purpose_name = own_channels.purpose_name
    WHERE
        orders.is_purchase
        AND costs.channel_name IS NULL
        AND (own_channels.first_at IS NULL OR orders.ordered_at < own_channels.first_at)
),

ordering AS (
    SELECT
        customer_id,
        {%- for days in windows %}
        sum(cost_amount) FILTER (WHERE order_date > {{ as_of }} - {{ days }}) AS ordering_{{ days }}d_amount,
        {%- endfor %}
        sum(cost_amount) AS order_cost_amount
    FROM order_parts
    GROUP BY customer_id
),

spent AS (
    SELECT
        customer_id,
        {%- for days in windows %}
        sum(cost_amount) FILTER (WHERE CAST(incurred_at AS DATE) > {{ as_of }} - {{ days }})
            AS spent_{{ days }}d_amount,
        {%- endfor %}
        sum(cost_amount) AS customer_cost_amount
    FROM staging.costs
    WHERE cost_kind_name = 'customer' AND customer_id IS NOT NULL
    GROUP BY customer_id
),

bought AS (
    SELECT
        customer_id,
        {%- for days in windows %}
        sum(purchase_line_count) FILTER (WHERE line_date > {{ as_of }} - {{ days }}) AS line_{{ days }}d_count,
        {%- endfor %}
        sum(purchase_line_count) AS line_count
    FROM staging.order_days
    GROUP BY customer_id
),

known AS (
    SELECT
        count(*) FILTER (WHERE cost_kind_name = 'unit' AND product_id IS NOT NULL) > 0 AS has_unit_costs,
        count(*) FILTER (WHERE cost_kind_name = 'order') > 0 AS has_order_costs,
        count(*) FILTER (WHERE cost_kind_name = 'customer' AND customer_id IS NOT NULL) > 0 AS has_customer_costs
    FROM staging.costs
),

summed AS (
    SELECT
        customers.customer_id,
        CASE WHEN known.has_unit_costs THEN coalesce(goods.goods_cost_amount, 0) END AS goods_cost_amount,
        CASE WHEN known.has_order_costs THEN coalesce(ordering.order_cost_amount, 0) END AS order_cost_amount,
        CASE WHEN known.has_customer_costs THEN coalesce(spent.customer_cost_amount, 0) END AS customer_cost_amount,
        bought.line_count,
        CASE WHEN known.has_unit_costs THEN coalesce(goods.known_line_count, 0) END AS known_line_count,
        coalesce(goods.known_net_amount, 0) AS known_net_amount,
        {%- for days in windows %}
        CASE
            WHEN
                known.has_unit_costs
                AND (coalesce(bought.line_{{ days }}d_count, 0) = 0 OR goods.known_{{ days }}d_count > 0)
                THEN
                    coalesce(goods.goods_{{ days }}d_amount, 0)
                    - coalesce(ordering.ordering_{{ days }}d_amount, 0)
                    - coalesce(spent.spent_{{ days }}d_amount, 0)
        END AS margin_{{ days }}d_amount,
        {%- endfor %}
        known.has_unit_costs AND (coalesce(bought.line_count, 0) = 0 OR goods.known_line_count > 0) AS has_margin
    FROM staging.customers AS customers
    CROSS JOIN known
    LEFT JOIN goods ON customers.customer_id = goods.customer_id
    LEFT JOIN ordering ON customers.customer_id = ordering.customer_id
    LEFT JOIN spent ON customers.customer_id = spent.customer_id
    LEFT JOIN bought ON customers.customer_id = bought.customer_id
),

margins AS (
    SELECT
        *,
        CASE
            WHEN has_margin
                THEN
                    known_net_amount
                    - goods_cost_amount
                    - coalesce(order_cost_amount, 0)
                    - coalesce(customer_cost_amount, 0)
        END AS margin_amount
    FROM summed
)

SELECT
    customer_id,
    CAST(goods_cost_amount AS DECIMAL(18, 4)) AS goods_cost_amount,
    CAST(order_cost_amount AS DECIMAL(18, 4)) AS order_cost_amount,
    CAST(customer_cost_amount AS DECIMAL(18, 4)) AS customer_cost_amount,
    CASE WHEN line_count > 0 THEN known_line_count / line_count END AS cost_known_share,
    CAST(margin_amount AS DECIMAL(18, 4)) AS margin_amount,
    {%- for days in windows %}
    CAST(margin_{{ days }}d_amount AS DECIMAL(18, 4)) AS margin_{{ days }}d_amount,
    {%- endfor %}
    CASE WHEN known_net_amount > 0 THEN margin_amount / known_net_amount END AS margin_share
FROM margins
