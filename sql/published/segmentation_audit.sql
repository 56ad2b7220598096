-- what: one row is a known mistake of a segmentation at a date, with its evidence and what to do
-- why: mistakes of segmentations are known, and can be told from figures
-- grain: global
-- column as_of_date: the date described [date]
-- column run_id: the run that made the row [id]
-- column finding_no: place in the audit, the gravest of a segmentation first [unit=place]
-- column segmentation_id: the segmentation [id]
-- column segment_id: the segment; NULL: the whole segmentation [id]
-- column finding_name: the mistake, see how-to/read-the-audit.md [category]
-- column severity_name: warning or note [category]
-- column evidence: the figures in words
-- column advice: what to do
-- column figure: the figure that was judged
-- column threshold: what it was held against
-- column other_segment_id: the other of a pair, or the one to merge with [id]
-- column is_accepted: the workspace leaves it as it is (audit.accepted) [flag]
-- column accepted_because: why
SELECT
    as_of_date,
    run_id,
    finding_no,
    segmentation_id,
    segment_id,
    finding_name,
    severity_name,
    evidence,
    advice,
    figure,
    threshold,
    other_segment_id,
    is_accepted,
    accepted_because
FROM monitoring.audit_finding
WHERE run_id IN ({{ listed_runs }})
ORDER BY as_of_date, finding_no
