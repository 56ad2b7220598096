"""A source that is called otherwise by now is known again by what it reads: no date is stale, and what is lost is told."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

import pytest

from tasks.config.workspace import Workspace
from tasks.ingest.late import late_rows
from tasks.ingest.renamed import former_names
from tasks.ingest.tasks import identify_run, ingest_source
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tasks.warehouse.loads import loads_seen
from tests.workspaces import ORDERS, MakeWorkspace, OpenRun, small_workspace

JULY = dt.date(2025, 7, 31)


@pytest.fixture
def spaces(make_workspace: MakeWorkspace) -> tuple[Workspace, Workspace]:
    """The workspace before and after somebody calls `orders` `sales`; two files in its folder."""
    tree: dict[str, Any] = small_workspace()
    tree["sources"]["orders"]["path"] = "orders*.csv"
    before = make_workspace(tree=tree)
    (before.directory / "orders_2.csv").write_text(ORDERS.replace("\no", "\nn"))
    tree["sources"]["sales"] = tree["sources"].pop("orders")
    return before, make_workspace(tree=tree)


def test_a_new_name_changes_no_row_of_the_past(spaces: tuple[Workspace, Workspace], opened: OpenRun) -> None:
    before, after = spaces
    with opened(before) as run:
        ingest_source.fn(run, "orders")
        then = [number for _, number, *_ in run.visible_loads()]
        assert former_names(run.warehouse, before) == {}
        assert former_names(run.warehouse, after) == {"sales": "orders"}
    with opened(after) as run:
        ingest_source.fn(run, "sales")
        assert former_names(run.warehouse, after) == {}
        now = loads_seen(run.warehouse, after.sources, None)
        assert {name for *_, name, _ in now} == {"sales"}
        assert late_rows(run.warehouse, after, JULY, then, now) == []
        # A model of the workspace's own may show where a row comes from.
        own = after.directory / "sql" / "features" / "customer_own.sql"
        own.parent.mkdir(parents=True)
        own.write_text(
            "-- what: w\n-- why: y\n-- grain: customer\n-- column customer_id: c [id]\n-- column till: t [category]\n"
            "SELECT customer_id, max(source_name) AS till FROM staging.order_lines GROUP BY customer_id"
        )
        assert [one.table for one in late_rows(run.warehouse, after, JULY, then, now)] == ["staging.order_lines"]


@pytest.mark.parametrize(("is_there", "also"), [(True, ""), (False, "of orders 1 file is not there any more")])
def test_files_that_are_gone_are_told_where_a_new_name_loses_them(
    spaces: tuple[Workspace, Workspace],
    opened: OpenRun,
    caplog: pytest.LogCaptureFixture,
    is_there: bool,
    also: str,
) -> None:
    before, after = spaces
    with opened(before) as run:
        ingest_source.fn(run, "orders")
    if not is_there:
        (after.directory / "orders_2.csv").unlink()
    with opened(after) as run, caplog.at_level(logging.WARNING, "resegment.ingest"):
        ingest_source.fn(run, "sales")
        ingest_source.fn(run, "sales")
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.startswith("sales: reads what orders read, which the workspace names no longer")
    assert also in told
    assert ("orders_2.csv" in told) is not is_there


@pytest.mark.parametrize("is_mapped_otherwise", [True, False])
def test_another_mapping_or_other_files_are_another_source(
    spaces: tuple[Workspace, Workspace], opened: OpenRun, is_mapped_otherwise: bool
) -> None:
    before, after = spaces
    if is_mapped_otherwise:
        after.sources["sales"].columns["quantity"] = "units + 1"
    else:
        for file in sorted(after.directory.glob("orders*.csv")):
            file.rename(after.directory / f"kept_{file.name}")
        (after.directory / "orders_3.csv").write_text(ORDERS.replace("\no", "\nx"))
        before = before.model_copy(
            update={"sources": {"orders": before.sources["orders"].model_copy(update={"path": "kept_*.csv"})}}
        )
        before._directory = after.directory
    with opened(before) as run:
        ingest_source.fn(run, "orders")
        assert former_names(run.warehouse, after) == {}


def test_a_source_that_is_gone_is_told_with_what_it_had(
    make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    """And told once: the run after that one did not see it any more."""
    tree: dict[str, Any] = small_workspace()
    tree["sources"]["shops"] = tree["sources"]["orders"] | {"path": "shops.csv"}
    both = make_workspace(tree=tree)
    (both.directory / "shops.csv").write_text(ORDERS.replace("\no", "\ns"))
    del tree["sources"]["shops"]
    told: list[list[str]] = []
    for day, space in (("2025-06-28", both), ("2025-06-29", make_workspace(tree=tree)), ("2025-06-30", None)):
        caplog.clear()
        with (
            opened(space or make_workspace(tree=tree), dt.date.fromisoformat(day)) as run,
            caplog.at_level(logging.WARNING, "resegment.ingest"),
        ):
            for name in run.workspace.sources:
                ingest_source.fn(run, name)
            identify_run.fn(run)
            ledger.note_publication(run.warehouse, Publication(run.as_of, run.run_id))
        told.append([record.getMessage() for record in caplog.records if "names it no longer" in record.getMessage()])
    assert told == [
        [],
        [
            "shops: the workspace names it no longer: 5 rows of order_lines, which the run of 2025-06-28 saw, are gone",
        ],
        [],
    ]


def test_files_of_another_kind_that_go_on_counting_are_told(
    make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    of_csv = make_workspace()
    header, *lines = ORDERS.strip().splitlines()
    rows = [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]
    (of_csv.directory / "orders.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with opened(of_csv) as run, caplog.at_level(logging.WARNING, "resegment.ingest"):
        ingest_source.fn(run, "orders")
        assert "is mapped anew" not in caplog.text
    kind = ("sources.orders.format=jsonl", "sources.orders.path=orders.jsonl")
    for times_told in (1, 1):
        with opened(make_workspace(*kind)) as run, caplog.at_level(logging.WARNING, "resegment.ingest"):
            ingest_source.fn(run, "orders")
        said = "is mapped anew, and 1 file that was loaded before is no more where it reads, such as orders.csv"
        assert caplog.text.count(said) == times_told


def test_a_file_that_is_mapped_anew_is_not_told(
    make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    for mapping in ((), ("sources.orders.columns.channel_name=category",)):
        with opened(make_workspace(*mapping)) as run, caplog.at_level(logging.WARNING, "resegment.ingest"):
            ingest_source.fn(run, "orders")
            assert run.warehouse.value("SELECT count(*) FROM ops.load") == len(mapping) + 1
    assert "is mapped anew" not in caplog.text
