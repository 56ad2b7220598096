-- what: one row is a segment's treatment: for how many it was planned, how many get it, why others do not, and what it costs
-- why: a campaign that reaches half of its segment is planned again before it is sent, not after
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column segment_id: the segment [id]
-- column channel_name: the channel [category]
-- column goal: what the treatment is to bring about
-- column priority: the lowest goes first; NULL: none is said
-- column window_from_date: first day of the treatment; NULL: from ever [date]
-- column window_until_date: last day of the treatment; NULL: for ever [date]
-- column planned_count: customers of the segment [unit=customers]
-- column reached_count: who get the treatment [unit=customers]
-- column window_count: who do not, as it is not given on this day [unit=customers]
-- column excluded_count: as they are in a segment that the treatment excludes [unit=customers]
-- column refused_count: as they decided against marketing on the channel [unit=customers]
-- column unknown_count: as they never decided about it [unit=customers]
-- column priority_count: as another treatment goes first on the channel [unit=customers]
-- column contact_cap_count: as they have had the most contacts there may be [unit=customers]
-- column budget_count: as the budget is spent on others [unit=customers]
-- column contact_cost_amount: what it costs to give it to one customer; NULL: not said [unit=currency]
-- column planned_cost_amount: what it would cost to give it to all of the segment [unit=currency]
-- column cost_amount: what it costs to give it to those who get it [unit=currency]
-- column budget_amount: what it may cost; NULL: anything [unit=currency]
WITH counted AS (
    SELECT
        segment_id,
        count(*) AS planned_count,
        count(*) FILTER (WHERE is_given) AS reached_count,
        count(*) FILTER (WHERE refusal_name = 'window') AS window_count,
        count(*) FILTER (WHERE refusal_name = 'excluded') AS excluded_count,
        count(*) FILTER (WHERE refusal_name = 'refused') AS refused_count,
        count(*) FILTER (WHERE refusal_name = 'unknown') AS unknown_count,
        count(*) FILTER (WHERE refusal_name = 'priority') AS priority_count,
        count(*) FILTER (WHERE refusal_name = 'contact_cap') AS contact_cap_count,
        count(*) FILTER (WHERE refusal_name = 'budget') AS budget_count
    FROM monitoring.treatment
    WHERE run_id = {{ current_run }}
    GROUP BY segment_id
)

SELECT
    {{ current_as_of }} AS as_of_date,
    {{ current_run }} AS run_id,
    definition.segment_id,
    trim(definition.channel_name) AS channel_name,
    definition.goal,
    definition.priority,
    definition.window_from_date,
    definition.window_until_date,
    coalesce(counted.planned_count, 0) AS planned_count,
    coalesce(counted.reached_count, 0) AS reached_count,
    coalesce(counted.window_count, 0) AS window_count,
    coalesce(counted.excluded_count, 0) AS excluded_count,
    coalesce(counted.refused_count, 0) AS refused_count,
    coalesce(counted.unknown_count, 0) AS unknown_count,
    coalesce(counted.priority_count, 0) AS priority_count,
    coalesce(counted.contact_cap_count, 0) AS contact_cap_count,
    coalesce(counted.budget_count, 0) AS budget_count,
    definition.contact_cost_amount,
    coalesce(counted.planned_count, 0) * definition.contact_cost_amount AS planned_cost_amount,
    coalesce(counted.reached_count, 0) * definition.contact_cost_amount AS cost_amount,
    definition.budget_amount
FROM segments.definition AS definition
LEFT JOIN counted ON definition.segment_id = counted.segment_id
WHERE
    definition.run_id = {{ current_run }}
    AND definition.status_name = 'active'
    AND trim(definition.channel_name) <> ''
ORDER BY definition.segment_id
