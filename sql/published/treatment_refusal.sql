-- what: one row is a channel on which a customer gets no treatment, though one is planned for him, and why
-- why: who is left out of a campaign is no riddle, and may be asked for his consent where that is allowed
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column customer_id: the customer [id]
-- column channel_name: the channel [category]
-- column segment_id: the segment whose treatment goes first there [id]
-- column refusal_name: what stands against it: window (not given on this day), excluded (he is in a segment that it excludes), refused or unknown (consent), contact_cap (he has had the most contacts there may be), budget (others bring in more) [category]
-- column decided_at: when he decided about marketing on the channel; null: no decision is known [date]
-- column why: the reason in words
-- column other_treatments: further treatments planned for him on the channel as JSON, each with segment_id, reason and why; [] where there is none
WITH treatment AS (
    SELECT
        customer_id,
        channel_key,
        arg_min(channel_name, place) AS channel_name,
        arg_min(segment_id, place) AS segment_id,
        arg_min(refusal_name, place) AS refusal_name,
        max(decided_at) AS decided_at,
        arg_min(why, place) AS why,
        to_json(
            coalesce(
                list(json_object('segment_id', segment_id, 'reason', refusal_name, 'why', why) ORDER BY place)
                FILTER (WHERE place > 1),
                []
            )
        ) AS other_treatments
    FROM monitoring.treatment
    WHERE run_id = {{ current_run }}
    GROUP BY customer_id, channel_key
    HAVING NOT bool_or(is_given)
)

SELECT
    {{ current_as_of }} AS as_of_date,
    {{ current_run }} AS run_id,
    customer_id,
    channel_name,
    segment_id,
    refusal_name,
    decided_at,
    why,
    CAST(other_treatments AS VARCHAR) AS other_treatments
FROM treatment
ORDER BY customer_id, channel_name
