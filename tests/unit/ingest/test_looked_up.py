"""Lookups grow: a file is loaded anew where what it looks up came out otherwise, and only then."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path

import polars as pl
import pytest

from flows.unseen_files import files_not_loaded
from tasks.config.errors import SourceError
from tasks.ingest import looked_up, lookups
from tasks.ingest.lookups import _one_row_a_key as one_row_a_key
from tasks.ingest.tasks import ingest_source
from tasks.warehouse.run import Run
from tests.workspaces import MakeWorkspace, OpenRun

GOODS = (
    "sources.orders.path=orders*.csv",
    "sources.orders.lookups.goods={path: goods*.csv, format: csv, key: product}",
    "sources.orders.columns.product_name=goods.title",
    "sources.orders.columns.product_id=source.product",
)
FIRST = "product,title,stock\np1,Bread,5\np2,Milk,7\np3,Wine,9\n"
MORE = "order,line,customer,at,product,category,units,price\no5,1,ben,2025-06-27 10:00:00,p2,milk,1,0.99\n"


def _loads(run: Run) -> list[tuple[str, int]]:
    """Names of files with how often each was loaded."""
    return run.warehouse.rows("SELECT file_name, count(*) FROM ops.load GROUP BY 1 ORDER BY 1")


def _names(run: Run) -> set[tuple[str, str | None]]:
    """Products and their names in the loads that are seen."""
    numbers = [number for _, number, *_ in run.visible_loads()]
    return set(
        run.warehouse.rows(
            "SELECT DISTINCT product_id, product_name FROM raw.orders__order_lines"
            " WHERE list_contains($numbers, load_no)",
            {"numbers": numbers},
        )
    )


def _ingested(
    make: MakeWorkspace, opened: OpenRun, *overrides: str, **files: str
) -> tuple[list[tuple[str, int]], set[tuple[str, str | None]]]:
    space = make(*(overrides or GOODS))
    for name, text in files.items():
        (space.directory / f"{name}.csv").write_text(text)
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        return _loads(run), _names(run)


@pytest.mark.parametrize(
    "goods",
    [
        FIRST,
        FIRST + "p9,Cheese,1\n",
        FIRST.replace("9\n", "8\n"),
        "stock,product,title\n7,p2,Milk\n5,p1,Bread\n9,p3,Wine\n",
    ],
    ids=["as it was", "a new product", "a column that nobody reads", "another order"],
)
def test_a_lookup_that_says_the_same_of_a_file_loads_nothing_anew(
    make_workspace: MakeWorkspace, opened: OpenRun, goods: str
) -> None:
    loads, names = _ingested(make_workspace, opened, goods=FIRST, orders2=MORE)
    assert loads == [("orders.csv", 1), ("orders2.csv", 1)]
    assert _ingested(make_workspace, opened, goods=goods) == (loads, names)


def test_files_that_name_what_changed_are_loaded_anew_and_no_others(
    make_workspace: MakeWorkspace, opened: OpenRun, caplog: pytest.LogCaptureFixture
) -> None:
    _ingested(make_workspace, opened, goods=FIRST, orders2=MORE)
    with caplog.at_level(logging.INFO, "resegment.ingest"):
        loads, names = _ingested(make_workspace, opened, goods=FIRST.replace("Bread", "Rye bread"))
    assert loads == [("orders.csv", 2), ("orders2.csv", 1)]
    assert names == {("p1", "Rye bread"), ("p2", "Milk"), ("p3", "Wine")}
    assert "loaded anew, for lookups say something else of it" in caplog.text
    # What was said first again is known again.
    loads, names = _ingested(make_workspace, opened, goods=FIRST)
    assert loads == [("orders.csv", 2), ("orders2.csv", 1)]
    assert ("p1", "Bread") in names


def test_a_column_that_a_condition_names_counts_too(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    some = (*GOODS, "sources.orders.where=CAST(goods.stock AS INTEGER) > 5")
    assert _ingested(make_workspace, opened, *some, goods=FIRST)[1] == {("p2", "Milk"), ("p3", "Wine")}
    loads, names = _ingested(make_workspace, opened, *some, goods=FIRST.replace("5", "6"))
    assert (loads, names) == ([("orders.csv", 2)], {("p1", "Bread"), ("p2", "Milk"), ("p3", "Wine")})


def test_a_column_of_a_lookup_is_named_with_it(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    told = "columns.product_name: the file has no column 'title'"
    with pytest.raises(SourceError, match=told) as caught:
        _ingested(
            make_workspace, opened, *GOODS[:2], "sources.orders.columns.product_name=title", GOODS[3], goods=FIRST
        )
    assert caught.value.hint == "a column of a lookup is named with it: goods.title"


def test_files_are_not_looked_into_while_lookups_stay_as_they_are(
    make_workspace: MakeWorkspace, opened: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ingested(make_workspace, opened, goods=FIRST)
    with opened(make_workspace(*GOODS)) as run:
        with monkeypatch.context() as patch:
            patch.setattr(looked_up, "open_source", lambda *_: pytest.fail("the file is looked into"))
            ingest_source.fn(run, "orders")
        assert files_not_loaded(run.warehouse, run.workspace) is None
        (run.workspace.directory / "goods.csv").write_text(FIRST.replace("Bread", "Rye bread"))
        (run.workspace.directory / "orders2.csv").write_text(MORE)
        assert files_not_loaded(run.warehouse, run.workspace) == (
            "1 file is not loaded yet and 1 file has to be held against lookups that have changed:"
            " what changes by that is known once it is done"
        )
        ingest_source.fn(run, "orders")
        assert run.warehouse.value("SELECT count(*) FROM ops.looked_up") == 2


def test_a_lookup_is_read_once_for_all_files(
    make_workspace: MakeWorkspace, opened: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = make_workspace(*GOODS)
    (space.directory / "goods.csv").write_text(FIRST)
    for number in range(2, 5):
        (space.directory / f"orders{number}.csv").write_text(MORE.replace("o5", f"o5{number}"))
    made: list[str] = []
    monkeypatch.setattr(lookups, "_one_row_a_key", lambda *given: made.append(given[-1]) or one_row_a_key(*given))
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        assert len(_loads(run)) == 4
        assert made == ["goods"]
        (space.directory / "goods.csv").write_text(FIRST.replace("Milk", "Oat milk"))
        ingest_source.fn(run, "orders")
        assert made == ["goods", "goods"]
        assert ("p2", "Oat milk") in _names(run)


def test_files_of_a_lookup_that_are_not_alike_are_told(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(*GOODS, "sources.orders.lookups.goods={path: goods*.parquet, format: parquet, key: product}")
    pl.DataFrame({"product": ["p1"], "title": [True]}).write_parquet(space.directory / "goods_1.parquet")
    pl.DataFrame({"product": ["p2"], "title": [dt.date(2025, 6, 1)]}).write_parquet(space.directory / "goods_2.parquet")
    with opened(space) as run, pytest.raises(SourceError, match=r"lookups\.goods cannot be read: ") as caught:
        ingest_source.fn(run, "orders")
    assert str(caught.value.where).endswith("goods_1.parquet")


def test_files_of_a_lookup_are_read_as_one_and_the_last_counts(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    files = {"goods_1": FIRST, "goods_2": "title,product\nOat milk,p2\nTwice,p2\n"}
    loads, names = _ingested(make_workspace, opened, **files)
    assert names == {("p1", "Bread"), ("p2", "Oat milk"), ("p3", "Wine")}
    loads, names = _ingested(make_workspace, opened, goods_3="product,title\np9,Cheese\n")
    assert loads == [("orders.csv", 1)]
    loads, names = _ingested(make_workspace, opened, goods_3="product,title\np3,Port\n")
    assert (loads, names) == ([("orders.csv", 2)], {("p1", "Bread"), ("p2", "Oat milk"), ("p3", "Port")})


def test_a_file_of_a_lookup_without_a_column_is_named(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with pytest.raises(SourceError, match="columns.product_name: the lookup goods has no column 'title'") as caught:
        _ingested(make_workspace, opened, goods_1=FIRST, goods_2="product,titel\np2,Oat milk\n")
    assert str(caught.value.where).endswith("and goods_2.csv")
    assert caught.value.hint == "did you mean 'titel'?"


ITEMS = "order,line,product,category,units,price\no1,1,p1,bread,2,1.50\no2,1,p2,milk,1,0.99\n"
HEADS = "order,account,at\no1,a7,2025-06-01 10:00:00\no2,a8,2025-06-20 18:30:00\n"
CHAIN = {
    "heads": "{path: heads*.csv, format: csv, key: order}",
    "accounts": "{path: accounts.jsonl, format: jsonl, key: id, source_key: heads.account}",
}


def _chained(order: tuple[str, ...]) -> tuple[str, ...]:
    lookups = "{" + ", ".join(f"{name}: {CHAIN[name]}" for name in order) + "}"
    return (
        f"sources.orders.lookups={lookups}",
        'sources.orders.columns.order_id=source."order"',
        "sources.orders.columns.ordered_at=heads.at",
        "sources.orders.columns.customer_id=accounts.person",
    )


def _buyers(folder: Path, opened: OpenRun, make: MakeWorkspace) -> list[tuple[str, str]]:
    space = make(*_chained(("heads", "accounts")), orders=ITEMS)
    assert space.directory == folder
    with opened(space) as run:
        ingest_source.fn(run, "orders")
        return run.warehouse.rows("SELECT order_id, customer_id FROM raw.orders__order_lines ORDER BY load_no, 1")


def test_a_lookup_leads_to_another(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    folder = make_workspace(orders=ITEMS).directory
    (folder / "heads_1.csv").write_text(HEADS)
    (folder / "accounts.jsonl").write_text('{"id": "a7", "person": "anna"}\n{"id": "a8", "person": "ben"}\n')
    first = [("o1", "anna"), ("o2", "ben")]
    assert _buyers(folder, opened, make_workspace) == first
    # Order headers of the next day, whose lines are not there yet.
    (folder / "heads_2.csv").write_text("order,account,at\no3,a7,2025-06-28 10:00:00\n")
    assert _buyers(folder, opened, make_workspace) == first
    (folder / "accounts.jsonl").write_text('{"id": "a7", "person": "anna"}\n{"id": "a8", "person": "cleo"}\n')
    assert _buyers(folder, opened, make_workspace) == [*first, ("o1", "anna"), ("o2", "cleo")]


def test_a_lookup_that_leads_to_one_above_it_is_told(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    space = make_workspace(*_chained(("accounts", "heads")), orders=ITEMS)
    (space.directory / "heads.csv").write_text(HEADS)
    (space.directory / "accounts.jsonl").write_text('{"id": "a7", "person": "anna"}\n')
    told = "lookups.accounts: is joined by the column 'heads.account', which the file has not"
    with opened(space) as run, pytest.raises(SourceError, match=told) as caught:
        ingest_source.fn(run, "orders")
    assert str(caught.value.hint).startswith("lookups are joined in their order: write heads above accounts")
