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
-- column channel_name: where
-- column owner_name: who is responsible
-- column priority: the lowest wins where treatments meet
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
    channel_name,
    owner_name,
    priority,
    status_name,
    since_date
FROM segments.definition
WHERE run_id = {{ current_run }}
ORDER BY segment_id
