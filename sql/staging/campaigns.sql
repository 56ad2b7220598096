-- what: one row is one campaign that had started by the end of the as-of day
-- why: names the campaigns that contacts refer to
-- grain: global
-- column campaign_id: the campaign [id]
-- column campaign_name: its name or type [category]
-- column channel_name: main channel [category]
-- column started_at: first moment; NULL: not known, taken as started [date]
-- column ended_date: last day; NULL: not known, or after the as-of day [date]
SELECT
    campaign_id,
    campaign_name,
    channel_name,
    started_at,
    CASE WHEN ended_date <= {{ as_of }} THEN ended_date END AS ended_date
FROM raw.campaigns
WHERE started_at IS NULL OR started_at < {{ as_of_end }}
WINDOW
    newest_first AS (
        PARTITION BY campaign_id
        ORDER BY started_at DESC NULLS LAST, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first = 1
