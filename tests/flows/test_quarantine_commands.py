"""`resegment quarantine`: what each command prints, its errors, and that a run publishes what was worked off."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from tasks.warehouse.lock import writer_lock
from tests.flows.test_cli import resegment, write
from tests.workspaces import ORDERS, small_workspace

BAD = (
    "o5,1,anna,2025-06-05,p1,bread,2 pcs,1.0\n"
    "o6,1,ben,2025-06-06,p1,bread,1,-2.0\n"
    "o7,1,ben,1893-06-07,p1,bread,1,1.0\n"
    "too,short\n"
)
PEOPLE = (
    "id,name,mail,born,city\nc1,Anna Müller,anna@example.com,1850-01-01,Wien\nc2,Ben,ben@example.com,1990-01-01,Graz\n"
)
MENDED = ("--set", "sources.orders.columns.quantity=replace(units, ' pcs', '')")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of orders and customers that has been run once; a high share may be quarantined."""
    tmp_path = tmp_path_factory.mktemp("ran") / "workspace"
    tree = small_workspace()
    people = {
        "entity": "customers",
        "format": "csv",
        "path": "people.csv",
        "columns": {"customer_id": "id", "full_name": "name", "email_address": "mail", "birth_date": "born"}
        | {"city_name": "city"},
    }
    write(tmp_path, ORDERS + BAD, sources={**tree["sources"], "people": people}, quality={"max_quarantined_share": 0.9})  # type: ignore[dict-item]
    (tmp_path / "people.csv").write_text(PEOPLE)
    resegment("run", "--quiet", cwd=tmp_path)
    return tmp_path


@pytest.fixture
def folder(ran: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(ran, tmp_path / "workspace"))


def say(folder: Path, *arguments: str, code: int = 0) -> str:
    done = resegment("quarantine", *arguments, cwd=folder, code=code)
    return done.stderr if code else done.stdout


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def published(folder: Path) -> tuple[int, int, int]:
    with duckdb.connect(str(folder / "out" / "published" / "published.duckdb"), read_only=True) as connection:
        (row,) = connection.execute(
            "SELECT rows_read_count, rows_loaded_count, rows_quarantined_count FROM published.run"
            " ORDER BY as_of_date DESC LIMIT 1"
        ).fetchall()
        return row  # type: ignore[no-any-return]


def test_list_groups_by_reason_and_chooses(folder: Path) -> None:
    told = lines(say(folder, "list"))
    assert told[0] == "rows source column reason kept out status numbers"
    assert "1 orders quantity cannot be read as DECIMAL(18,3) row open 1" in told
    assert "1 orders the line not a row: 2 columns, expected 8 row open 4" in told
    assert "1 people birth_date expected a birth from 1900-01-02 to the day of loading value only open 5" in told
    assert len(lines(say(folder, "list", "--source", "people"))) == 2
    assert len(lines(say(folder, "list", "--reason", "COLUMNS"))) == 2
    assert say(folder, "list", "--status", "released") == "nothing released in quarantine\n"
    assert say(folder, "list", "--reason", "nonsense") == "nothing open in quarantine that matches\n"


def test_list_of_rows_is_cut_at_its_limit(folder: Path) -> None:
    told = lines(say(folder, "list", "--rows", "--limit", "2"))
    assert told[1] == "1 orders orders.csv 6 quantity cannot be read as DECIMAL(18,3) open"
    assert told[-1] == "and 3 more: --limit N"
    found = json.loads(say(folder, "list", "--rows", "--limit", "2", "--json"))
    assert (found["rows"], found["shown"], found["of"]) == (5, 2, 5)
    assert found["problems"][1]["number"] == 2


def test_show_marks_the_column_and_masks_contacts(folder: Path) -> None:
    told = say(folder, "show", "5")
    assert "→ born 1850-01-01 birth_date" in lines(told)
    assert (
        "birth_date '1850-01-01': expected a birth from 1900-01-02 to the day of loading (value left out; open)" in told
    )
    assert "name (withheld) full_name" in lines(told)
    for value in ("Anna", "Müller", "anna@example.com", "Wien"):
        assert value not in told
        assert value not in say(folder, "show", "5", "--json")
    plain = say(folder, "show", "5", "--contacts")
    assert "name Anna Müller full_name" in lines(plain)
    assert "anna@example.com" in plain
    assert "masked" not in plain
    assert json.loads(say(folder, "show", "5", "--contacts", "--json"))["fields"][1]["value"] == "Anna Müller"


def test_a_line_that_is_no_row_is_shown_to_those_who_may_see_contacts(folder: Path) -> None:
    assert "too,short" not in say(folder, "show", "4")
    assert "too,short" in say(folder, "show", "4", "--contacts")


def test_replay_lets_in_what_passes_and_a_run_publishes_it(folder: Path) -> None:
    assert published(folder) == (11, 7, 4)
    # The mapping is mended and the file gone: what was kept of the row is read.
    tried = lines(say(folder, "replay", "--dry-run", *MENDED))
    assert tried[0] == "1 let in: 1"
    assert tried[-1] == "dry run: nothing was changed"
    told = lines(say(folder, "replay", *MENDED))
    assert told[:2] == ["1 let in: 1", "4 still kept out: 2-5"]
    assert "4: not a row" in told
    assert told[-1] == "the next `resegment run` publishes this"
    assert lines(say(folder, "replay", *MENDED))[-1] == "nothing has changed"
    resegment("run", "--quiet", cwd=folder)
    assert published(folder) == (11, 8, 3)
    # Loaded anew under the changed mapping, the file counts as it is, once.
    resegment("run", "--quiet", *MENDED, cwd=folder)
    assert published(folder) == (11, 8, 3)
    assert "status" in say(folder, "list", "--status", "superseded", *MENDED)


def test_released_rows_are_published_though_they_break_a_rule(folder: Path) -> None:
    assert lines(say(folder, "release", "2", "3", "--because", "vouchers"))[0] == "2 let in: 2-3"
    assert lines(say(folder, "release", "2", "--because", "again"))[0] == "1 closed before, left alone: 2"
    assert any(line.endswith("released vouchers") for line in lines(say(folder, "show", "2")))
    resegment("run", "--quiet", cwd=folder)
    assert published(folder) == (11, 9, 2)


def test_a_released_value_that_no_feature_can_use_is_left_out_with_a_warning(folder: Path) -> None:
    assert lines(say(folder, "release", "5", "--because", "he is that old"))[0] == "1 values put back: 5"
    told = resegment("run", cwd=folder)
    assert "nobody is older than 110 years" in told.stdout + told.stderr


def test_a_released_value_that_features_rely_on_stops_at_their_door(tmp_path: Path) -> None:
    reviews = {"entity": "feedback", "format": "csv", "path": "reviews.csv"} | {
        "columns": {"feedback_id": "id", "customer_id": "customer", "given_at": '"at"', "rating": "stars"}
    }
    sources = {**small_workspace()["sources"], "reviews": reviews}  # type: ignore[dict-item]
    write(tmp_path, ORDERS, sources=sources, quality={"max_quarantined_share": 0.9})
    (tmp_path / "reviews.csv").write_text("id,customer,at,stars\nf1,anna,2025-06-02,5\nf2,ben,2025-06-03,7\n")
    resegment("run", "--quiet", cwd=tmp_path)
    assert lines(say(tmp_path, "release", "1", "--because", "seven stars"))[0] == "1 values put back: 1"
    told = resegment("run", "--quiet", cwd=tmp_path, code=3).stderr
    assert "ratings go from 1 to 5" in told


def test_discarded_rows_count_no_more(folder: Path) -> None:
    done = json.loads(say(folder, "release", "--discard", "4", "--because", "cut off", "--json"))
    assert (done["decision"], done["discarded"], done["dry_run"]) == ("discarded", [4], False)
    resegment("run", "--quiet", cwd=folder)
    assert published(folder) == (10, 7, 3)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("release", "1", "--because", "x"), "cannot be released: 1 (orders.csv, row 6): quantity cannot be read"),
        (("release", "2", "--because", " "), "--because is empty"),
        (("release", "2"), "the following arguments are required: --because"),
        (("release", "--because", "x"), "the following arguments are required: N"),
        (("release", "77", "--because", "x"), "nothing in quarantine has the number 77"),
        (("replay", "77"), "nothing in quarantine has the number 77"),
        (("replay", "--source", "order"), "did you mean 'orders'"),
        (("show", "77"), "nothing in quarantine has the number 77"),
        (("list", "--source", "nobody"), "there are orders, people"),
        (("list", "--limit", "0"), "expected 1 or more"),
        (("list", "--status", "lost"), "invalid choice"),
        ((), "the following arguments are required: ACTION"),
    ],
)
def test_wrong_usage_is_told(folder: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in say(folder, *arguments, code=2)


def test_a_mapping_that_does_not_fit_is_told(folder: Path) -> None:
    told = say(folder, "replay", "--set", "sources.orders.columns.quantity=unit", code=1)
    assert "did you mean 'units'" in told


def test_before_the_first_run_there_is_nothing(tmp_path: Path) -> None:
    write(tmp_path)
    assert "nothing has been run here yet" in say(tmp_path, "list", code=2)
    assert not (tmp_path / "out").exists()


def test_while_a_run_writes_nothing_is_decided(folder: Path) -> None:
    with writer_lock(folder / "out"):
        assert "another run is writing here" in say(folder, "replay", code=1)
