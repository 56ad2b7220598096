-- what: one row is a channel on which a customer gets no treatment, though one is planned for him, and why
-- why: who is left out of a campaign is no riddle, and may be asked for his consent where that is allowed
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column customer_id: the customer [id]
-- column channel_name: the channel [category]
-- column segment_id: the segment whose treatment would have won [id]
-- column refusal_name: refused or unknown [category]
-- column decided_at: when he decided, UTC; null: no decision is known [date]
-- column why: the reason in words
SELECT
    as_of_date,
    run_id,
    customer_id,
    channel_name,
    segment_id,
    refusal_name,
    decided_at,
    CASE refusal_name
        WHEN 'unknown' THEN 'no decision about marketing on this channel is known'
        ELSE 'decided against marketing on this channel on ' || strftime(decided_at, '%Y-%m-%d')
    END AS why
FROM monitoring.treatment
WHERE run_id = {{ current_run }} AND place = 1 AND refusal_name IS NOT NULL
ORDER BY customer_id, channel_name
