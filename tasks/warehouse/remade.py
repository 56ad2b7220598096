"""Features that are computed in another way than at an earlier run: an edit of their SQL, or of what declares them.

Owns: which those are. Does not own how a feature is computed (`sql/features`), or what follows from it: the value of
everybody may be another although nobody did anything, so that it is not compared, and whom it moves was moved by an
edit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.run import Run

#: Features that a key of a part of the section `features` makes.
_DECLARED = {
    "constructs": ("{key}_score",),
    "indicators": ("market_{key}", "market_{key}_change"),
    "enrichments": ("enriched_{key}",),
}
_NO_RULE = ("meaning", "unit")


def remade_features(run: Run, earlier_run_id: str) -> frozenset[str]:
    """Names of the features of a run that an earlier one had, computed in another way.

    None where that one was made by a version that did not keep how.
    """
    then = _said(run, "coalesce(confirms_run_id, run_id)", earlier_run_id)
    now = _said(run, "attempt_id", run.attempt_id)
    digests = then.get("features", {})
    models = {name for name, digest in now.get("features", {}).items() if digests.get(name, digest) != digest}
    found = {column.name for model in catalogue_of(run).models if model.name in models for column in model.columns[1:]}
    return frozenset(found | _declared_anew(then.get("workspace", {}), now.get("workspace", {})))


def _said(run: Run, column: str, value: str) -> dict[str, Any]:
    text = run.warehouse.value(
        f"SELECT workspace_json FROM ops.run WHERE {column} = $value AND workspace_json IS NOT NULL"
        " ORDER BY started_at DESC LIMIT 1",
        {"value": value},
    )
    return {} if text is None else json.loads(text)


def _declared_anew(then: Mapping[str, Any], now: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for part, names in _DECLARED.items():
        before, present = ((said.get("features") or {}).get(part) or {} for said in (then, now))
        changed = [key for key in before.keys() & present.keys() if _rule(before[key]) != _rule(present[key])]
        found |= {name.format(key=key) for key in changed for name in names}
    return found


def _rule(declared: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in declared.items() if key not in _NO_RULE}
