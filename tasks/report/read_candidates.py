"""Reading candidate segments.

Owns: their query. Does not own: the figures (`tasks/drift`).
"""

from __future__ import annotations

import json
from dataclasses import fields

from tasks.report.candidate_records import CandidateRow, TraitRow
from tasks.report.reader import RunReader

_COLUMNS = tuple(field.name for field in fields(CandidateRow) if field.name != "traits")
_TRAIT = tuple(field.name for field in fields(TraitRow))


def candidates(reader: RunReader) -> tuple[CandidateRow, ...]:
    """Groups that emerged, then groups that vanished, in the order of their ids; none where nothing was compared."""
    rows = reader.of_run("monitoring.emerging_segment", (*_COLUMNS, "traits_json"), order_by="candidate_id")
    return tuple(
        CandidateRow(
            **{name: row[name] for name in _COLUMNS},
            traits=tuple(
                TraitRow(**{name: trait[name] for name in _TRAIT}) for trait in json.loads(row["traits_json"])
            ),
        )
        for row in rows
    )
