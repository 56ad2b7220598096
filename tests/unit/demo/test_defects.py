"""Every planted defect is found by reading the files, as often as the manifest says, and no others are."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks.config.workspace import QualityPolicy
from tasks.demo.defects import KINDS, DefectPlan
from tasks.demo.generator import generate_demo
from tests.unit.demo.conftest import Demo
from tests.unit.demo.read_exports import TIME, crm, web_text, web_typed


def _planted(demo: Demo, source: str) -> dict[str, int]:
    return {one.kind: one.rows for one in demo.manifest.defects if one.source == source}


def _surplus(frame: pl.DataFrame) -> int:
    """Rows that are there a second time."""
    return len(frame) - frame.n_unique()


def test_every_kind_is_planted(demo: Demo) -> None:
    assert [(one.source, one.kind) for one in demo.manifest.defects] == [(one.source, one.name) for one in KINDS]
    assert all(one.rows >= 1 for one in demo.manifest.defects)


def test_web_orders(demo: Demo) -> None:
    text, wrong_length = web_text(demo.folder)
    typed = web_typed(text)
    known = set(demo.truth["customer_id"])
    found = {
        "unparsable_date": typed["ordered_at"].null_count(),
        "unparsable_quantity": typed["quantity"].null_count(),
        "negative_price": (typed["unit_price"] < 0).sum(),
        "missing_order_id": (text["order_no"] == "").sum(),
        "event_2099": (typed["ordered_at"].dt.year() == 2099).sum(),
        "event_1893": (typed["ordered_at"].dt.year() == 1893).sum(),
        "too_many_columns": len(wrong_length),
        "unknown_customer": (~text["customer"].is_in(known)).sum(),
        "exact_duplicate": _surplus(text),
    }
    assert found == _planted(demo, "web_orders")
    # Nothing else is wrong: every other value can be read, every other key is unique.
    assert typed.select("position", "unit_price", "discount").null_count().row(0) == (0, 0, 0)
    keys = text.filter(pl.col("order_no") != "").unique().select("order_no", "position")
    assert _surplus(keys) == 0


def test_good_web_lines_lie_in_the_file_of_their_month(demo: Demo) -> None:
    text, _ = web_text(demo.folder)
    typed = web_typed(text).filter(pl.col("ordered_at").dt.year().is_in([2024, 2025]))
    assert (typed["ordered_at"].dt.strftime("%Y-%m") == typed["month"]).all()


def test_store_tickets(demo: Demo) -> None:
    frame = pl.read_parquet(demo.folder / "pos" / "pos_*.parquet")
    found = {
        "negative_price": (frame["price"] < 0).sum(),
        "missing_order_id": frame["receipt_no"].null_count(),
        "event_2099": (frame["sold_at"].dt.year() == 2099).sum(),
        "event_1893": (frame["sold_at"].dt.year() == 1893).sum(),
        "exact_duplicate": _surplus(frame),
    }
    assert found == _planted(demo, "store_tickets")
    keys = frame.drop_nulls("receipt_no").unique().select("receipt_no", "pos_line", "doc_type")
    assert _surplus(keys) == 0


def test_crm(demo: Demo) -> None:
    frame = crm(demo.folder)
    found = {
        "birth_1893": (frame["Geburtsdatum"].dt.year() < 1900).sum(),
        "income_666666": (frame["Jahreseinkommen"] == 666_666).sum(),
        "duplicate_record": _surplus(frame),
    }
    assert found == _planted(demo, "crm")
    assert frame["KundenNr"].n_unique() == demo.manifest.customers
    later = crm(demo.folder, "crm_customers_delta_2025.csv")
    assert (later["Geburtsdatum"].drop_nulls() > dt.date(1930, 1, 1)).all()
    assert (later["Jahreseinkommen"].drop_nulls() < 600_000).all()


def test_feedback(demo: Demo) -> None:
    frame = pl.read_ndjson(demo.folder / "feedback.jsonl")
    found = {
        "rating_out_of_range": (~frame["stars"].is_between(1, 5)).sum(),
        "missing_customer": frame["customer"].null_count(),
    }
    assert found == _planted(demo, "feedback")
    assert _surplus(frame.select("id")) == 0
    assert frame["recommend"].drop_nulls().is_between(0, 10).all()


def test_consents(demo: Demo) -> None:
    frame = pl.read_csv(demo.folder / "consents.csv", infer_schema=False)
    known = frame.filter(pl.col("customer").is_not_null())
    found = {
        "unparsable_date": frame["decided_at"].str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False).null_count(),
        "unknown_decision": (~frame["decision"].is_in(["opt-in", "opt-out"])).sum(),
        "missing_customer": frame["customer"].null_count(),
        "duplicate_record": _surplus(frame),
    }
    assert found == _planted(demo, "consents")
    assert set(known["customer"]) == set(demo.truth["customer_id"])
    # Nobody decides twice at one moment: which decision is the newest is never in doubt.
    assert _surplus(frame.unique().select("customer", "purpose", "channel", "decided_at")) == 0


def test_visits(demo: Demo) -> None:
    text = pl.concat([pl.read_csv(path, infer_schema=False) for path in sorted((demo.folder / "visits").iterdir())])
    found = {
        "unparsable_date": text["started_at"].str.to_datetime(TIME, strict=False).null_count(),
        "negative_duration": (text["seconds"].cast(pl.Int64) < 0).sum(),
        "exact_duplicate": _surplus(text),
    }
    assert found == _planted(demo, "visits")
    assert _surplus(text.unique().select("visit")) == 0


def test_survey(demo: Demo) -> None:
    text = pl.concat([pl.read_csv(path, infer_schema=False) for path in sorted((demo.folder / "survey").iterdir())])
    codes = text.select(pl.col("^Q.*$").cast(pl.Int64)).unpivot()["value"].drop_nulls()
    assert set(codes) == {1, 2, 3, 4, 5, 99}
    assert {"missing_customer": text["customer"].null_count(), "code_99": (codes == 99).sum()} == _planted(
        demo, "survey"
    )
    # Whoever answered a wave, answered it once, but for whom the 99 stands.
    good = text.filter(pl.col("customer").is_not_null() & (pl.col("Q01") != "99").fill_null(value=True))
    assert _surplus(good.select("wave", "customer")) == 0


def test_service_costs_and_address_data(demo: Demo) -> None:
    spent = pl.read_csv(demo.folder / "service_costs.csv")
    assert {"negative_cost": (spent["amount"] < 0).sum()} == _planted(demo, "service_costs")
    assert _surplus(spent.select("entry")) == 0
    known = pl.read_csv(demo.folder / "address_data.csv", infer_schema=False)
    assert {"missing_customer": known["customer"].null_count()} == _planted(demo, "address_data")


def test_outcomes_add_up(demo: Demo) -> None:
    manifest = demo.manifest
    by_source = {one.source for one in manifest.defects}
    for outcome in ("row_quarantined", "value_blanked", "deduplicated", "kept"):
        total = manifest.defect_rows(outcome)
        assert total == sum(manifest.defect_rows(outcome, source) for source in by_source)
        assert total == sum(one.rows for one in manifest.defects if one.outcome == outcome)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("customers", [100, 150, 200, 299, 300, 400, 499])
def test_no_source_of_a_small_demo_is_refused(tmp_path: Path, customers: int, seed: int) -> None:
    manifest = generate_demo(tmp_path / "data", customers=customers, seed=seed)
    refused = {one.source: manifest.defect_rows("row_quarantined", one.source) for one in manifest.defects}
    limit = QualityPolicy().max_quarantined_share
    assert not {source: rows for source, rows in refused.items() if rows > limit * manifest.rows_of(source)}
    assert sum(refused.values()) >= 16
    feedback = pl.read_ndjson(tmp_path / "data" / "feedback.jsonl")
    assert feedback["customer"].null_count() == refused["feedback"] == 0


@pytest.mark.parametrize(("customers", "rows"), [(500, 1), (9_999, 1), (10_000, 2), (10_000_000, 2000)])
def test_bad_rows_grow_mildly(customers: int, rows: int) -> None:
    plan = DefectPlan(customers)
    assert plan.rows_each == rows
    hosts = [plan.hosts(kind.name, kind.source, 1, customers) for kind in KINDS]
    assert {len(one) for one in hosts} == {rows}
    together = np.concatenate(hosts)
    assert len(np.unique(together)) == len(together)
    assert together.min() >= 1
    assert together.max() <= customers
