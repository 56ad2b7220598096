"""Rows of surveys, costs, markets and interactions: which are let in, and what is wrong with the others."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.ingest.discovery import find_files
from tasks.ingest.loading import load_file
from tasks.ingest.mapping import parse_mapping
from tasks.warehouse.ledger import utc_now
from tests.workspaces import OpenRun, small_workspace

#: By entity: the header of its file, which the columns are named after, and a row that is let in.
_FILES = {
    "interactions": ("interaction_id,happened_at,duration_seconds", "i1,2025-06-01 10:00:00,30"),
    "survey_answers": ("survey_id|customer_id|answered_at|answers", 's|anna|2025-06-01|{"a": 5, "b": null}'),
    "costs": (
        "cost_id,incurred_at,cost_kind_name,product_id,customer_id,cost_amount",
        "k1,2025-06-01,unit,p1,,1.50",
    ),
    "market_indicators": ("indicator_name,period_date,indicator_value", "confidence,2025-05-31,-12.5"),
    "enrichments": (
        "customer_id,provider_name,attribute_name,enriched_at,attribute_value",
        "anna,acme,home,2025-06-01,own",
    ),
}
#: Stands for a day of a price list that is announced before it holds: a date itself would name the case by the clock.
_NEXT_MONTH = "NEXT MONTH"
_OBJECT = "expected a JSON object of items and scores, each item once"
_KIND = "expected unit with a product_id, order, or customer with a customer_id"


def problems(folder: Path, opened: OpenRun, entity: str, row: str) -> list[tuple[str, str, str]]:
    """Column, reason and action of each problem of a second row, after a good one."""
    header, good = _FILES[entity]
    (folder / "rows.csv").write_text(f"{header}\n{good}\n{row}\n")
    delimiter = "|" if "|" in header else ","
    source = {
        "entity": entity,
        "format": "csv",
        "path": "rows.csv",
        "options": {"delimiter": delimiter, "quote": "'"},
        "columns": {name: name for name in header.split(delimiter)},
    }
    tree = small_workspace()
    tree["sources"] = {**tree["sources"], "rows": source}  # type: ignore[dict-item]
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    space = load_workspace(folder)
    with opened(space) as run:
        mapping = parse_mapping(space, "rows")
        (file,) = find_files(space, mapping)
        counts = load_file(run.warehouse, mapping, file, run.attempt_id)
        found = run.warehouse.rows("SELECT column_name, reason, action_name FROM ops.quarantine ORDER BY ALL")
    assert counts.read == 2
    assert counts.quarantined == sum(action == "row" for *_, action in found)
    return found


@pytest.mark.parametrize(
    ("entity", "row"),
    [
        ("interactions", "i2,2025-06-01 10:00:00,"),
        ("survey_answers", 's|ben|2025-06-01|{"a": "often"}'),
        ("survey_answers", "s|ben|2025-06-01|{}"),
        ("costs", "k2,2025-06-01,order,,,0"),
        ("costs", "k2,2025-06-01,customer,,anna,3"),
        ("costs", f"k2,{_NEXT_MONTH},unit,p1,,3"),
        ("market_indicators", "confidence,2030-01-31,1e3"),
        ("enrichments", "anna,acme,car,2025-06-01,"),
    ],
)
def test_what_can_be_is_let_in(tmp_path: Path, opened: OpenRun, entity: str, row: str) -> None:
    next_month = utc_now().date() + dt.timedelta(days=30)
    assert problems(tmp_path, opened, entity, row.replace(_NEXT_MONTH, str(next_month))) == []


@pytest.mark.parametrize(
    ("entity", "row", "column", "reason", "action"),
    [
        (
            "interactions",
            "i2,2025-06-01 10:00:00,-1",
            "duration_seconds",
            "expected zero to a billion seconds",
            "value",
        ),
        (
            "interactions",
            "i2,2025-06-01 10:00:00,NaN",
            "duration_seconds",
            "expected zero to a billion seconds",
            "value",
        ),
        ("interactions", "i2,,5", "happened_at", "is missing", "row"),
        ("survey_answers", "s|ben|2025-06-01|agree", "answers", _OBJECT, "row"),
        ("survey_answers", "s|ben|2025-06-01|[1, 2]", "answers", _OBJECT, "row"),
        ("survey_answers", "s|ben|2025-06-01|5", "answers", _OBJECT, "row"),
        ("survey_answers", 's|ben|2025-06-01|{"a": 1, "a": 2}', "answers", _OBJECT, "row"),
        ("survey_answers", 's|ben|2025-06-01|{"a": ', "answers", _OBJECT, "row"),
        ("survey_answers", "s|ben|2025-06-01|", "answers", "is missing", "row"),
        ("costs", "k2,2025-06-01,unit,,anna,1", "cost_kind_name", _KIND, "row"),
        ("costs", "k2,2025-06-01,customer,p1,,1", "cost_kind_name", _KIND, "row"),
        ("costs", "k2,2025-06-01,monthly,p1,anna,1", "cost_kind_name", _KIND, "row"),
        ("costs", "k2,2025-06-01,unit,p1,,-1", "cost_amount", "expected zero or more", "row"),
        ("costs", "k2,2099-06-01,unit,p1,,1", "incurred_at", "expected a time from 1970-01-02 to a year after", "row"),
        (
            "market_indicators",
            "confidence,2025-05-31,NaN",
            "indicator_value",
            "expected at most 1e11 (write larger ones in thousands or millions)",
            "row",
        ),
        ("market_indicators", " ,2025-05-31,1", "indicator_name", "expected the name of an indicator", "row"),
        ("market_indicators", "confidence,1893-05-31,1", "period_date", "expected a day from 1970-01-02 on", "row"),
        ("enrichments", "anna, ,home,2025-06-01,own", "provider_name", "expected the name of a provider", "row"),
        ("enrichments", "anna,acme, ,2025-06-01,own", "attribute_name", "expected the name of an attribute", "row"),
    ],
)
def test_what_cannot_be_is_told(
    tmp_path: Path, opened: OpenRun, entity: str, row: str, column: str, reason: str, action: str
) -> None:
    ((found_column, found_reason, found_action),) = problems(tmp_path, opened, entity, row)
    assert (found_column, found_action) == (column, action)
    assert found_reason.startswith(reason)
