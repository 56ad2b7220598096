-- what: one row is a day on which a customer was contacted on a channel, by the end of the as-of day
-- why: caps count what was sent before (tasks/treatment)
-- grain: global
-- column customer_id: the customer [id]
-- column channel_key: the channel, lower case; the campaign's own where the contact names none; '': not known [category]
-- column days_ago: days before the as-of day; 0 is that day [unit=days]
-- column contact_count: contacts [unit=contacts]
SELECT
    contact.customer_id,
    coalesce(lower(trim(coalesce(contact.channel_name, campaign.channel_name))), '') AS channel_key,
    {{ as_of }} - CAST(contact.contacted_at AS DATE) AS days_ago,
    count(*) AS contact_count
FROM staging.campaign_contacts AS contact
LEFT JOIN staging.campaigns AS campaign ON contact.campaign_id = campaign.campaign_id
WHERE {{ as_of }} - CAST(contact.contacted_at AS DATE) < {{ longest_cap_days }}
GROUP BY ALL
ORDER BY ALL
