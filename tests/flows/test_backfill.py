"""`resegment backfill` and `status --stale` as a user runs them: history made, a late file worked in, a gate, a decision.

Whether what comes of it is what a rebuild gives is tried with many sequences in
`tests/benchmarks/backfill_equals_rebuild.py`; here with the one that the commands walk through.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from unittest import mock

import pytest

from tests.flows.backfilled import HEADER, MONTHS, World, differing, order_lines, without_checks
from tests.flows.test_cli import resegment

_MAY, _JUNE = _DATES = MONTHS[1:]
_RANGE = ("--from", "2025-05-31", "--to", "2025-06-30")
_LATE = f"{HEADER}\nlate1,1,c03,2025-05-10 10:00:00,p1,bread,2,9.50\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two months of history, made by one backfill of an empty folder."""
    world = World(tmp_path_factory.mktemp("backfill") / "world")
    (world.folder / "orders_0.csv").write_text(order_lines(random.Random(5), 150))  # noqa: S311 - a world, no secret
    assert world.space
    with without_checks():
        done = resegment(
            "backfill", *_RANGE, "--every", "1mo", "--reason", "first history", "--quiet", cwd=world.folder
        )
    told = lines(done.stdout)
    assert told[0] == "backfill 1: published"
    assert [line.split()[:2] for line in told[1::2]] == [[day.isoformat(), "published"] for day in _DATES]
    return world


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    """A copy of it for one test."""
    return moved(made, Path(shutil.copytree(made.folder, tmp_path / "world")))


def moved(world: World, folder: Path) -> World:
    other = World.__new__(World)
    vars(other).update(vars(world) | {"folder": folder, "deliveries": [], "loaded_at": []})
    return other


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_history_is_made_and_told(made: World) -> None:
    assert lines(resegment("status", "--stale", cwd=made.folder).stdout) == ["no published date is stale"]
    assert "1 published 2" in lines(resegment("backfill", "list", cwd=made.folder).stdout)[1]
    (listed,) = json.loads(resegment("backfill", "list", "--json", cwd=made.folder).stdout)
    assert (listed["number"], listed["reason"], len(listed["dates"])) == (1, "first history", 2)
    assert "asked for; not published yet" in resegment("backfill", "show", "1", cwd=made.folder).stdout
    nothing = resegment("backfill", "--stale", "--quiet", cwd=made.folder).stdout
    assert lines(nothing) == ["no published date is stale"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--from", "2025-05-31", "--to", "2025-04-30"), "--from 2025-05-31 is after --to 2025-04-30"),
        (("--from", "2025-05-31"), "a backfill needs --from and --to, or --stale"),
        ((*_RANGE, "--every", "1y"), "--every '1y' is no interval"),
        (("--from", "2025-05-31", "--to", "2999-01-01"), "--to 2999-01-01 lies in the future, today is "),
        (("--from", "2024-01-01", "--to", "2024-02-01"), "nothing is published from 2024-01-01 to 2024-02-01"),
        (("--stale", "--every", "1d"), "--stale and --every exclude each other"),
        (("--stale", "--known-as-of", "2025-05-31"), "--stale and --known-as-of exclude each other"),
        ((*_RANGE, "--segmentation", "rfn"), "--segmentation 'rfn' is none of the workspace"),
        (("resume",), "no backfill is open"),
        (("accept", "--because", "x"), "no backfill is open"),
        (("discard", "--because", " "), "--because is empty"),
        (("show", "7"), "there is no backfill 7"),
    ],
)
def test_what_cannot_be_meant_is_told(made: World, arguments: tuple[str, ...], told: str) -> None:
    done = resegment("backfill", *arguments, cwd=made.folder, code=2)
    assert told in done.stderr
    assert "→" in done.stderr


def test_a_dry_run_says_which_dates_and_does_nothing(world: World) -> None:
    before = (world.output / "warehouse.duckdb").read_bytes()
    told = lines(resegment("backfill", *_RANGE, "--every", "1w", "--dry-run", cwd=world.folder).stdout)
    assert told[0] == f"2025-05-31 {json.loads(manifest(world))['runs']['2025-05-31']} asked for"
    assert told[1] == "2025-06-07 none asked for; not published yet"
    assert told[-1].startswith("5 dates, and 1 that follow, where what they are compared with changes; about ")
    (world.folder / "orders_1.csv").write_text(_LATE)
    found = json.loads(resegment("backfill", "--stale", "--dry-run", "--json", cwd=world.folder).stdout)
    assert found["dates"] == []
    unseen = "1 file is not loaded yet: what changes by that is known once it is done"
    assert unseen in found["notes"]
    assert lines(resegment("status", "--stale", cwd=world.folder).stdout) == ["no published date is stale", unseen]
    assert (world.output / "warehouse.duckdb").read_bytes() == before


def manifest(world: World) -> str:
    return (world.output / "published" / "manifest.json").read_text()


def test_dates_are_stale_where_they_would_come_out_otherwise_and_only_there(world: World) -> None:
    """Told from rows, not from files: what came later, what repeats and what is corrected already changes nothing."""
    first = (world.folder / "orders_0.csv").read_text()
    with without_checks():
        world.deliver("orders_1.csv", first + "july,1,c01,2025-07-05 10:00:00,p1,bread,1,1.50\n")
        assert world.stale() == {}
        world.deliver("orders_2.csv", f"{HEADER}\nlate2,1,c01,2025-06-10 10:00:00,p1,bread,1,1.50\n")
        assert list(world.stale()) == [_JUNE]
        # The file comes again, and the row is gone from it.
        world.deliver("orders_2.csv", f"{HEADER}\n")
        assert world.stale() == {}
    world.tree = world.tree | {"quality": {"max_quarantined_share": 0.5}, "description": "of a shop"}
    assert world.stale() == {}
    lifecycle = world.tree["segmentations"]["lifecycle"]
    world.tree["segmentations"] = world.tree["segmentations"] | {
        "lifecycle": lifecycle | {"segments": [{"id": "new", "name": "New", "when": "tenure_days <= 20"}]}
    }
    assert world.stale() == dict.fromkeys(_DATES, "the definition of the segmentation lifecycle changed")


def test_a_late_file_is_worked_in_after_somebody_accepts_it(world: World, tmp_path: Path) -> None:
    """With the checks of a real run; nothing is published before the decision, and all dates at once after it."""
    world.deliveries.append(("orders_0.csv", (world.folder / "orders_0.csv").read_text()))
    published = manifest(world)
    with without_checks():
        world.deliver("orders_1.csv", _LATE)
    told = lines(resegment("status", "--stale", cwd=world.folder).stdout)
    assert [line.split()[0] for line in told[:2]] == ["2025-05-31", "2025-06-30"]
    assert "staging.order_lines: 1 row of 1 customer would be other than then (1 load came or went since)" in told[0]
    assert (
        json.loads(resegment("status", "--stale", "--json", cwd=world.folder).stdout)[0]["reasons"][0]["kind"] == "data"
    )

    waits = lines(resegment("backfill", "--stale", "--hold", "--quiet", cwd=world.folder).stdout)
    assert waits[0] == "backfill 2: waiting: it was to be held"
    assert "members moved: 1 in" in waits[2]
    assert manifest(world) == published
    other = resegment("backfill", *_RANGE, cwd=world.folder, code=2).stderr
    assert "backfill 2 is not over" in other
    assert resegment("backfill", "show", "--json", cwd=world.folder).stdout

    # Killed between the exchange of folders and the ledger: readers have all dates, and nothing is computed again.
    with mock.patch("tasks.warehouse.ledger.note_publication", side_effect=RuntimeError("killed")):
        resegment("backfill", "accept", "--because", "looked at", "--by", "anna", cwd=world.folder, code=1)
    attempts = len(json.loads(resegment("status", "--json", cwd=world.folder).stdout)["attempts"])
    done = resegment("backfill", "resume", "--quiet", cwd=world.folder).stdout
    assert lines(done)[0].startswith("backfill 2: published")
    assert len(json.loads(resegment("status", "--json", cwd=world.folder).stdout)["attempts"]) == attempts
    runs = json.loads(manifest(world))["runs"]
    assert {day for day, run_id in json.loads(published)["runs"].items() if runs[day] != run_id} == set(runs)
    assert world.stale() == {}
    with without_checks():
        assert differing(world, world.rebuilt(tmp_path / "rebuilt")) == {}


def test_a_gate_stops_a_backfill_and_what_was_asked_for_is_given_up(world: World) -> None:
    published, strict = manifest(world), "quality.max_quarantined_share=0.0001"
    (world.folder / "orders_1.csv").write_text(_LATE + "bad,1,c01,never,p1,bread,1,1.50\n")
    done = resegment("backfill", "--stale", "--quiet", "--set", strict, cwd=world.folder, code=3)
    assert "no source has more unreadable rows" in done.stderr
    assert manifest(world) == published
    told = lines(resegment("backfill", "show", cwd=world.folder).stdout)
    assert told[0].startswith("backfill 2: open: 1 critical check failed at the door raw")
    assert told[-1].startswith("go on: `resegment backfill resume`")
    given_up = resegment("backfill", "discard", "--because", "the file is wrong", cwd=world.folder).stdout
    assert lines(given_up)[0] == "backfill 2: discarded"
    assert manifest(world) == published
