-- what: one row is what providers say of a customer, of the attributes that the workspace declares
-- why: what others know fills gaps that a company's own data leave, as long as it is fresh and its source is trusted
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
{%- set declared, columns = [], [] %}
{%- set values = {'number': 'number_value', 'category': 'attribute_value', 'flag': 'is_true'} %}
{%- for key, enrichment in enrichments.items() %}
{%- set meaning = (enrichment['meaning'] or key).split() | join(' ') %}
{%- set oldest = as_of ~ ' - %d' % enrichment['max_age_days'] if enrichment['max_age_days'] else 'CAST(NULL AS DATE)' %}
{%- set told = text(key) ~ ', ' ~ text(enrichment['attribute']) ~ ', ' ~ text(enrichment['type']) %}
{%- for provider in enrichment['providers'] or [none] %}
{%- set named = text(provider) if provider else 'CAST(NULL AS VARCHAR)' %}
{%- set _ = declared.append('(%s, %s, %s, %s)' % (told, named, loop.index, oldest)) %}
{%- endfor %}
{%- set _ = columns.append(',\n    enriched_' ~ key) %}
{%- set named = 'the word of ' ~ enrichment['providers'] | join(', else of ') %}
{%- set whose = named if enrichment['providers'] else 'the newest word of any provider' %}
{%- set age = ', at most %d days old' % enrichment['max_age_days'] if enrichment['max_age_days'] else '' %}
{%- set kind = {'number': '', 'category': ' [category]', 'flag': ' [flag]'}[enrichment['type']] %}
-- column enriched_{{ key }}: {{ meaning }}; {{ whose.split() | join(' ') }}{{ age }}; NULL: none that is one{{ kind }}
{%- endfor %}
WITH
-- A list of no rows is no SQL; no attribute is called ''.
declared (enrichment_name, attribute_name, type_name, provider_name, provider_place, oldest_date) AS (
    VALUES
    {{ declared | join(',\n    ') or "('', '', '', '', 1, CAST(NULL AS DATE))" }}
),

said AS (
    SELECT
        enrichments.customer_id,
        declared.enrichment_name,
        declared.type_name,
        declared.provider_place,
        enrichments.enriched_at,
        enrichments.provider_name,
        nullif(trim(enrichments.attribute_value), '') AS attribute_value,
        try_cast(enrichments.attribute_value AS DOUBLE) AS number_value,
        CASE
            WHEN lower(trim(enrichments.attribute_value)) IN ('true', 't', 'yes', 'y', '1', 'ja', 'j', 'oui', 'sí')
                THEN TRUE
            WHEN lower(trim(enrichments.attribute_value)) IN ('false', 'f', 'no', 'n', '0', 'nein', 'non')
                THEN FALSE
        END AS is_true
    FROM staging.enrichments AS enrichments
    INNER JOIN declared
        ON
            enrichments.attribute_name = declared.attribute_name
            AND enrichments.provider_name = coalesce(declared.provider_name, enrichments.provider_name)
            AND CAST(enrichments.enriched_at AS DATE) >= coalesce(declared.oldest_date, DATE '1970-01-01')
),

-- Of a word that is none of its type the next provider's counts. Numbers of more digits than an amount of money has are
-- not counted, for the squares of them could not be added up.
counted AS (
    SELECT
        customer_id,
        enrichment_name,
        attribute_value,
        number_value,
        is_true
    FROM said
    WHERE
        (type_name = 'category' AND attribute_value IS NOT NULL)
        OR (type_name = 'number' AND abs(number_value) <= 1e11)
        OR (type_name = 'flag' AND is_true IS NOT NULL)
    WINDOW
        first_named AS (
            PARTITION BY customer_id, enrichment_name
            ORDER BY provider_place ASC, enriched_at DESC, provider_name ASC
        )
    QUALIFY row_number() OVER first_named = 1
),

told AS (
    SELECT
        {%- for key, enrichment in enrichments.items() %}
        max({{ values[enrichment['type']] }}) FILTER (WHERE enrichment_name = {{ text(key) }}) AS enriched_{{ key }},
        {%- endfor %}
        customer_id
    FROM counted
    GROUP BY customer_id
)

SELECT
    customer_id{{ columns | join }}
FROM staging.customers
LEFT JOIN told USING (customer_id)
