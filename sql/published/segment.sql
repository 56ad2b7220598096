-- what: one row is a segment: its permanent id, what it means and what is offered to it
-- why: the dictionary that every other table refers to
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column segment_id: permanent id; never used for another group [id]
-- column segmentation_id: the segmentation [id]
-- column segmentation_name: its name
-- column basis_name: demographic, geographic, psychographic, behavioural, value, lifecycle, needs or predictive [category]
-- column segment_name: name for people
-- column description: plain definition
-- column rule_text: the exact definition
-- column population_text: who is segmented at all, exactly; NULL: everybody
-- column value_proposition: what the company does for the segment
-- column message: what it is told
-- column offer: what it is offered
-- column price_text: for how much: an amount, or a text such as 10 % off
-- column channel_name: where
-- column window_from_date: first day of the treatment; NULL: from ever [date]
-- column window_until_date: last day of the treatment; NULL: for ever [date]
-- column goal: what the treatment is to bring about
-- column contact_cost_amount: what it costs to give it to one customer; NULL: not said [unit=currency]
-- column budget_amount: what the treatment may cost in one run; NULL: anything [unit=currency]
-- column budget_count: how many customers that pays for; NULL: any number [unit=customers]
-- column owner_name: who is responsible
-- column priority: the lowest goes first where treatments meet, after those of priority_place; NULL: after all that have one
-- column priority_place: place in contacts.priorities, which go first; NULL: it is not listed
-- column excluded_segment_ids: segments whose members do not get the treatment, comma-joined
-- column status_name: active or retired [category]
-- column since_date: in this status since [date]
SELECT
    as_of_date,
    run_id,
    segment_id,
    segmentation_id,
    segmentation_name,
    basis_name,
    segment_name,
    description,
    rule_text,
    population_text,
    value_proposition,
    message,
    offer,
    price_text,
    channel_name,
    window_from_date,
    window_until_date,
    goal,
    contact_cost_amount,
    budget_amount,
    budget_count,
    owner_name,
    priority,
    priority_place,
    excluded_segment_ids,
    status_name,
    since_date
FROM segments.definition
WHERE run_id = {{ current_run }}
ORDER BY segment_id
