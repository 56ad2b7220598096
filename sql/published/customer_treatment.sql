-- what: one row is what a customer gets on a channel, after priorities and consent
-- why: a customer in several segments is addressed once on each channel, and not where he has not consented
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column customer_id: the customer [id]
-- column channel_name: the channel [category]
-- column segment_id: the segment whose treatment won [id]
-- column priority: its priority, the lowest wins
-- column message: what he is told
-- column offer: what he is offered
-- column losing_segment_ids: segments whose treatment lost on this channel, best first, comma-joined
SELECT
    {{ current_as_of }} AS as_of_date,
    {{ current_run }} AS run_id,
    customer_id,
    channel_name,
    max(CASE WHEN place = 1 THEN segment_id END) AS segment_id,
    max(CASE WHEN place = 1 THEN priority END) AS priority,
    max(CASE WHEN place = 1 THEN message END) AS message,
    max(CASE WHEN place = 1 THEN offer END) AS offer,
    array_to_string(list(segment_id ORDER BY place) FILTER (WHERE place > 1), ',') AS losing_segment_ids
FROM monitoring.treatment
WHERE run_id = {{ current_run }} AND refusal_name IS NULL
GROUP BY customer_id, channel_name
ORDER BY customer_id, channel_name
