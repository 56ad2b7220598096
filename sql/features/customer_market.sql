-- what: one row is how the market around a customer stands, by the indicators that the workspace declares
-- why: prices, wages and confidence move customers who have not changed themselves
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
{%- set declared, columns = [], [] %}
{%- for key, indicator in indicators.items() %}
{%- set _ = declared.append('(%s, %s, %s)' % (text(key), text(indicator['name']), text(indicator['of']))) %}
{%- set _ = columns.append(',\n    of_%s.market_%s' % (indicator['of'], key)) %}
{%- set _ = columns.append(',\n    of_%s.market_%s_change' % (indicator['of'], key)) %}
{%- set meaning = (indicator['meaning'] or key).split() | join(' ') %}
{%- set place = {'area': 'his area', 'country': 'his country', 'everywhere': 'all places together'}[indicator['of']] %}
{%- set unit = indicator['unit'].split() | join(' ') | replace(';', ',') | replace('[', '(') | replace(']', ')') %}
{%- set notes = 'unit=' ~ unit ~ '; external' if unit else 'external' %}
-- column market_{{ key }}: {{ meaning }}; the newest period of {{ place }}, as reported last; NULL: none is known [{{ notes }}]
-- column market_{{ key }}_change: change in a year of {{ meaning }}; difference to the period that ended a year before that, or up to 6 days earlier; NULL: none is known [{{ notes }}]
{%- endfor %}
WITH
-- A list of no rows is no SQL; no indicator is called ''.
declared (market_name, indicator_name, kind_name) AS (
    VALUES
    {{ declared | join(',\n    ') or "('', '', '')" }}
),

-- A place has one value a period, also where some of its rows name its country, too, and others do not.
placed AS (
    SELECT
        declared.market_name,
        declared.kind_name,
        indicators.place_name,
        indicators.period_date,
        indicators.indicator_value
    FROM staging.market_indicators AS indicators
    INNER JOIN declared
        ON
            indicators.indicator_name = declared.indicator_name
            AND declared.kind_name = CASE
                WHEN indicators.area_code IS NOT NULL THEN 'area'
                WHEN indicators.country_name IS NOT NULL THEN 'country'
                ELSE 'everywhere'
            END
    WINDOW
        last_reported AS (
            PARTITION BY declared.market_name, indicators.place_name, indicators.period_date
            ORDER BY indicators.reported_at DESC NULLS LAST, indicators.country_name ASC NULLS LAST
        )
    QUALIFY row_number() OVER last_reported = 1
),

newest AS (
    SELECT
        market_name,
        kind_name,
        place_name,
        indicator_value,
        -- A year before the end of a month is the end of that month, also in February.
        CASE
            WHEN period_date = last_day(period_date) THEN last_day(period_date - INTERVAL 1 YEAR)
            ELSE CAST(period_date - INTERVAL 1 YEAR AS DATE)
        END AS earlier_date
    FROM placed
    WINDOW newest_first AS (PARTITION BY market_name, place_name ORDER BY period_date DESC)
    QUALIFY row_number() OVER newest_first = 1
),

compared AS (
    SELECT
        newest.market_name,
        newest.kind_name,
        newest.place_name,
        newest.indicator_value,
        arg_max(placed.indicator_value, placed.period_date) AS earlier_value
    FROM newest
    LEFT JOIN placed
        ON
            newest.market_name = placed.market_name
            AND newest.place_name = placed.place_name
            AND placed.period_date BETWEEN newest.earlier_date - 6 AND newest.earlier_date
    GROUP BY newest.market_name, newest.kind_name, newest.place_name, newest.indicator_value
),

valued AS (
    SELECT
        {%- for key in indicators %}
        max(indicator_value) FILTER (WHERE market_name = {{ text(key) }}) AS market_{{ key }},
        max(indicator_value - earlier_value) FILTER (WHERE market_name = {{ text(key) }}) AS market_{{ key }}_change,
        {%- endfor %}
        kind_name,
        place_name
    FROM compared
    GROUP BY kind_name, place_name
),

-- His country is that of `customer_geography`.
by_country AS (
    SELECT
        customer_id,
        country_name,
        count(*) AS order_count
    FROM staging.orders
    WHERE country_name IS NOT NULL AND {{ 'TRUE' if "'country')" in declared | join else 'FALSE' }}
    GROUP BY customer_id, country_name
),

ordered AS (
    SELECT
        customer_id,
        min((-order_count, country_name)) AS top_country
    FROM by_country
    GROUP BY customer_id
)

SELECT
    customers.customer_id{{ columns | join }}
FROM staging.customers AS customers
LEFT JOIN ordered ON customers.customer_id = ordered.customer_id
LEFT JOIN staging.area_profiles AS areas ON customers.area_code = areas.area_code
LEFT JOIN valued AS of_area ON customers.area_code = of_area.place_name AND of_area.kind_name = 'area'
LEFT JOIN valued AS of_country
    ON
        coalesce(customers.country_name, ordered.top_country[2], areas.country_name) = of_country.place_name
        AND of_country.kind_name = 'country'
LEFT JOIN valued AS of_everywhere ON of_everywhere.kind_name = 'everywhere'
