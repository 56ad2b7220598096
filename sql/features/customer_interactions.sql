-- what: one row is how a customer makes contact without buying: on the web, in the app, in a store, with service
-- why: who looks and asks is about to buy, and who stops doing so is about to leave
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column interaction_count: contacts that the customer made [unit=contacts; cumulative]
-- column last_interaction_days: days since the last of them; NULL: none made [unit=days; cumulative]
{%- for days in windows %}
-- column interaction_{{ days }}d_count: contacts that the customer made in the {{ days }} days that end with the as-of day [unit=contacts]
-- column service_{{ days }}d_count: of those the ones with service (channels called service, support, helpdesk, hotline, call center, call centre, phone, telephone, chat) [unit=contacts]
-- column abandoned_basket_{{ days }}d_count: of those the baskets (kinds called basket, cart, checkout) of which is known that they did not end in an order [unit=contacts]
{%- endfor %}
-- column top_interaction_channel_name: channel of most contacts, in a tie the alphabetically first; NULL: no channel is known [category]
-- column digital_interaction_share: contacts on the web or in an app (channels called web, website, webshop, online, internet, ecommerce, e-commerce, app, mobile) ÷ contacts with a known channel; NULL: none [unit=share; range=0..1]
-- column top_device_name: device of most contacts, in a tie the alphabetically first; NULL: no device is known [category]
-- column mobile_interaction_share: contacts by a device called phone, mobile, smartphone, tablet, android, iphone, ipad or ios ÷ contacts with a known device; NULL: none [unit=share; range=0..1]
-- column top_topic_name: topic of most contacts, in a tie the alphabetically first; NULL: no topic is known [category]
-- column seconds_per_interaction: mean duration of a contact, each taken to 4 decimals; NULL: none is known [unit=seconds]
-- column pages_per_interaction: mean pages or screens seen in a contact; NULL: none is known [unit=pages]
-- column conversion_share: contacts that ended in an order ÷ contacts of which is known whether they did; NULL: none [unit=share; range=0..1]
WITH
contacts AS (
    SELECT
        *,
        CAST(happened_at AS DATE) AS happened_date,
        lower(trim(channel_name)) IN (
            'service', 'support', 'helpdesk', 'hotline', 'call center', 'call centre', 'phone', 'telephone', 'chat'
        ) AS is_service,
        lower(trim(channel_name)) IN (
            'web', 'website', 'webshop', 'online', 'internet', 'ecommerce', 'e-commerce', 'app', 'mobile'
        ) AS is_digital,
        lower(trim(device_name)) IN (
            'phone', 'mobile', 'smartphone', 'tablet', 'android', 'iphone', 'ipad', 'ios'
        ) AS is_mobile,
        lower(trim(kind_name)) IN ('basket', 'cart', 'checkout') AND NOT has_purchase AS is_abandoned_basket
    FROM staging.interactions
    WHERE customer_id IS NOT NULL
),

summed AS (
    SELECT
        customer_id,
        count(*) AS interaction_count,
        max(happened_date) AS last_interaction_date,
        {%- for days in windows %}
        count(*) FILTER (WHERE happened_date > {{ as_of }} - {{ days }}) AS interaction_{{ days }}d_count,
        count(*) FILTER (WHERE is_service AND happened_date > {{ as_of }} - {{ days }}) AS service_{{ days }}d_count,
        count(*) FILTER (WHERE is_abandoned_basket AND happened_date > {{ as_of }} - {{ days }})
            AS abandoned_basket_{{ days }}d_count,
        {%- endfor %}
        count(is_digital) AS channel_known_count,
        count(*) FILTER (WHERE is_digital) AS digital_count,
        count(is_mobile) AS device_known_count,
        count(*) FILTER (WHERE is_mobile) AS mobile_count,
        count(duration_seconds) AS timed_count,
        -- Decimals add up to the same in any order; floats do not.
        sum(CAST(duration_seconds AS DECIMAL(18, 4))) AS second_count,
        count(page_count) AS paged_count,
        sum(page_count) AS page_count,
        count(has_purchase) AS ended_count,
        count(*) FILTER (WHERE has_purchase) AS purchase_count
    FROM contacts
    GROUP BY customer_id
)
{%- for kind in ['channel', 'device', 'topic'] %},

{{ kind }}_counts AS (
    SELECT
        customer_id,
        {{ kind }}_name,
        count(*) AS kind_count
    FROM contacts
    WHERE {{ kind }}_name IS NOT NULL
    GROUP BY customer_id, {{ kind }}_name
),

{{ kind }}_tops AS (
    SELECT
        customer_id,
        min((-kind_count, {{ kind }}_name))[2] AS top_{{ kind }}_name
    FROM {{ kind }}_counts
    GROUP BY customer_id
)
{%- endfor %}

SELECT
    customer_id,
    coalesce(interaction_count, 0) AS interaction_count,
    {{ as_of }} - last_interaction_date AS last_interaction_days,
    {%- for days in windows %}
    coalesce(interaction_{{ days }}d_count, 0) AS interaction_{{ days }}d_count,
    coalesce(service_{{ days }}d_count, 0) AS service_{{ days }}d_count,
    coalesce(abandoned_basket_{{ days }}d_count, 0) AS abandoned_basket_{{ days }}d_count,
    {%- endfor %}
    top_channel_name AS top_interaction_channel_name,
    CASE WHEN channel_known_count > 0 THEN digital_count / channel_known_count END AS digital_interaction_share,
    top_device_name,
    CASE WHEN device_known_count > 0 THEN mobile_count / device_known_count END AS mobile_interaction_share,
    top_topic_name,
    CASE WHEN timed_count > 0 THEN second_count / timed_count END AS seconds_per_interaction,
    CASE WHEN paged_count > 0 THEN page_count / paged_count END AS pages_per_interaction,
    CASE WHEN ended_count > 0 THEN purchase_count / ended_count END AS conversion_share
FROM staging.customers
LEFT JOIN summed USING (customer_id)
{%- for kind in ['channel', 'device', 'topic'] %}
LEFT JOIN {{ kind }}_tops USING (customer_id)
{%- endfor %}
