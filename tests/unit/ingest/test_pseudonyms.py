"""Real ids stop at the door to staging: what is there instead, what is on disk, and what a new key does."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tasks.config.errors import WorkspaceError
from tasks.config.pseudonym import pseudonym
from tasks.config.workspace import Workspace
from tasks.ingest import pseudonyms
from tasks.ingest.tasks import ingest_source
from tasks.warehouse import ledger
from tasks.warehouse.ledger import Publication
from tests.staged import ingest_and_stage
from tests.workspaces import AS_OF, ORDERS, MakeWorkspace, OpenRun, small_workspace

KEY = "0123456789abcdef-this-is-no-secret"
OTHER_KEY = "another key that is long enough"
ANNA, BEN = (pseudonym(KEY.encode(), name) for name in ("anna", "ben"))


@pytest.fixture
def hiding(make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> MakeWorkspace:
    """Makes workspaces whose customers are pseudonymised."""
    monkeypatch.setenv("RESEGMENT_PSEUDONYM_KEY", KEY)

    def make(*overrides: str, orders: str = ORDERS) -> Workspace:
        tree = small_workspace() | {"privacy": {"pseudonymise": True, "key": "${RESEGMENT_PSEUDONYM_KEY}"}}
        return make_workspace(*overrides, orders=orders, tree=tree)

    return make


def test_staging_knows_pseudonyms_and_raw_the_way_back(hiding: MakeWorkspace, opened_for_good: OpenRun) -> None:
    with opened_for_good(hiding()) as run:
        ingest_and_stage(run)
        rows = run.warehouse.rows("SELECT DISTINCT customer_id FROM staging.order_lines ORDER BY 1 NULLS FIRST")
        assert rows == [(None,), *sorted([(ANNA,), (BEN,)])]
        assert {row[0] for row in run.warehouse.rows("SELECT customer_id FROM staging.customers")} == {ANNA, BEN}
        assert run.warehouse.rows("SELECT customer_id, pseudonym FROM raw.pseudonym ORDER BY 1") == [
            ("anna", ANNA),
            ("ben", BEN),
        ]
        assert run.warehouse.value("SELECT count(*) FROM raw.orders__order_lines WHERE customer_id = 'anna'") == 3


def test_nothing_but_ids_differs_from_a_run_without(
    make_workspace: MakeWorkspace, hiding: MakeWorkspace, opened_for_good: OpenRun
) -> None:
    lines = "SELECT * EXCLUDE (run_id, customer_id) FROM staging.order_lines ORDER BY order_id, line_id"
    found = []
    for space in (make_workspace(), hiding()):
        with opened_for_good(space) as run:
            ingest_and_stage(run)
            found.append(run.warehouse.rows(lines))
    assert len(found[0]) == 5
    assert found[0] == found[1]


def test_an_id_is_hashed_once(hiding: MakeWorkspace, opened_for_good: OpenRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudonyms, "_IDS_AT_ONCE", 2)
    with opened_for_good(hiding()) as run:
        ingest_and_stage(run)
        assert pseudonyms.keep_pseudonyms(run) == 0
    more = "".join(f"o{n},1,c{n},2025-06-02,p1,bread,1,1.0\n" for n in range(10, 15))
    with opened_for_good(hiding(orders=ORDERS + more)) as run:
        ingest_source.fn(run, "orders")
        run.identify()
        assert pseudonyms.keep_pseudonyms(run) == 5
        assert run.warehouse.value("SELECT count(*) FROM raw.pseudonym") == 7


def test_the_key_is_not_on_disk(hiding: MakeWorkspace, opened_for_good: OpenRun, tmp_path: Path) -> None:
    with opened_for_good(hiding()) as run:
        ingest_and_stage(run)
        views = run.warehouse.rows("SELECT sql FROM duckdb_views() WHERE NOT internal")
        assert len(views) > 5
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert [path.name for path in files if path.suffix == ".duckdb"] == ["warehouse.duckdb"]
    for path in files:
        content = path.read_bytes()
        assert KEY.encode() not in content
        assert KEY.encode().hex().encode() not in content
    # The search does find what is there.
    assert b"anna" in (tmp_path / "out" / "warehouse.duckdb").read_bytes()


def test_the_run_id_depends_on_the_key(
    hiding: MakeWorkspace, opened_for_good: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = set()
    for key in (KEY, OTHER_KEY, KEY):
        monkeypatch.setenv("RESEGMENT_PSEUDONYM_KEY", key)
        with opened_for_good(hiding()) as run:
            ingest_and_stage(run)
            ids.add(run.run_id)
            known = run.warehouse.rows("SELECT pseudonym FROM raw.pseudonym WHERE customer_id = 'anna'")
            assert known == [(pseudonym(key.encode(), "anna"),)]
    assert len(ids) == 2


def test_what_is_published_keeps_its_identities(
    make_workspace: MakeWorkspace, hiding: MakeWorkspace, opened_for_good: OpenRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened_for_good(hiding()) as run:
        ingest_and_stage(run)
        ledger.note_publication(run.warehouse, Publication(AS_OF, run.run_id))
    with opened_for_good(hiding(), AS_OF + dt.timedelta(days=1)) as run:
        ingest_and_stage(run)
    with (
        pytest.raises(WorkspaceError, match="would be plain; those published here as of 2025-06-30 are pseudonyms"),
        opened_for_good(make_workspace()),
    ):
        pytest.fail("was opened")
    monkeypatch.setenv("RESEGMENT_PSEUDONYM_KEY", OTHER_KEY)
    with pytest.raises(WorkspaceError, match="would be pseudonyms under key") as caught, opened_for_good(hiding()):
        pytest.fail("was opened")
    assert "--output a new folder" in str(caught.value)
    assert OTHER_KEY not in str(caught.value)


def test_plain_publications_are_not_continued_with_pseudonyms(
    make_workspace: MakeWorkspace, hiding: MakeWorkspace, opened_for_good: OpenRun
) -> None:
    with opened_for_good(make_workspace()) as run:
        ingest_and_stage(run)
        ledger.note_publication(run.warehouse, Publication(AS_OF, run.run_id))
    with (
        pytest.raises(WorkspaceError, match="those published here as of 2025-06-30 are plain"),
        opened_for_good(hiding()),
    ):
        pytest.fail("was opened")


def test_a_run_without_the_key_leaves_no_trace(
    hiding: MakeWorkspace, opened_for_good: OpenRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("RESEGMENT_PSEUDONYM_KEY")
    with pytest.raises(WorkspaceError, match="there is no key"), opened_for_good(hiding()):
        pytest.fail("was opened")
    assert not (tmp_path / "out").exists()
