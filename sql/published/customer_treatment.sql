-- what: one row is what a customer gets on a channel, after windows, exclusions, consents, priorities, caps and budgets
-- why: a customer in several segments is addressed once on each channel, not where he has not consented and not too often; who lost is told, and why
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column customer_id: the customer [id]
-- column channel_name: the channel [category]
-- column segment_id: the segment whose treatment he gets [id]
-- column priority: its priority, the lowest goes first; NULL: none is said
-- column message: what he is told
-- column offer: what he is offered
-- column price_text: for how much: an amount, or a text such as 10 % off
-- column goal: what it is to bring about
-- column contact_cost_amount: what it costs to give it to him; NULL: not said [unit=currency]
-- column losing_segment_ids: segments whose treatment he does not get on this channel, the first in turn first, comma-joined
-- column losing_treatments: the same as JSON, each with segment_id, reason (as refusal_name of treatment_refusal, or priority) and why, in words; [] where there is none
WITH treatment AS (
    SELECT
        customer_id,
        channel_key,
        max(CASE WHEN is_given THEN channel_name END) AS channel_name,
        max(CASE WHEN is_given THEN segment_id END) AS segment_id,
        array_to_string(list(segment_id ORDER BY place) FILTER (WHERE NOT is_given), ',') AS losing_segment_ids,
        to_json(
            coalesce(
                list(json_object('segment_id', segment_id, 'reason', refusal_name, 'why', why) ORDER BY place)
                FILTER (WHERE NOT is_given),
                []
            )
        ) AS losing_treatments
    FROM monitoring.treatment
    WHERE run_id = {{ current_run }}
    GROUP BY customer_id, channel_key
    HAVING bool_or(is_given)
)

SELECT
    {{ current_as_of }} AS as_of_date,
    {{ current_run }} AS run_id,
    treatment.customer_id,
    treatment.channel_name,
    treatment.segment_id,
    definition.priority,
    definition.message,
    definition.offer,
    definition.price_text,
    definition.goal,
    definition.contact_cost_amount,
    treatment.losing_segment_ids,
    CAST(treatment.losing_treatments AS VARCHAR) AS losing_treatments
FROM treatment
INNER JOIN segments.definition AS definition
    ON
        treatment.segment_id = definition.segment_id
        AND definition.run_id = {{ current_run }}
ORDER BY treatment.customer_id, treatment.channel_name
