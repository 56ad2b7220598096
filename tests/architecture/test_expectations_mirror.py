"""Every table has its expectations, and every suite its table."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from tasks.config.entities import ENTITIES
from tasks.config.sources import EntityName
from tasks.notify.kinds import KINDS
from tasks.quality.suites import DOORS, Suite, read_suite

REPOSITORY = Path(__file__).resolve().parents[2]
RUNBOOKS = REPOSITORY / "docs" / "runbooks"
EXPECTATIONS = REPOSITORY / "expectations"

#: Tables that no SQL model makes: loaded, or computed by a room, with the schema that is their folder.
_WITHOUT_MODEL = {
    "ops.load",
    "ops.model_decision",
    "raw.load_count",
    "raw.pseudonym",
    *(f"raw.{name}" for name in ENTITIES),
    "segments.definition",
    "segments.membership",
    "segments.membership_before",
    "segments.model",
    "segments.model_version",
    "segments.redrawn",
    "segments.refusal",
    "monitoring.comment_class",
    "monitoring.comment_model",
    "features.customer_prediction",
    "monitoring.audit_finding",
    "monitoring.calibration",
    "monitoring.customer_news",
    "monitoring.drift",
    "monitoring.emerging_member",
    "monitoring.emerging_segment",
    "monitoring.intersection",
    "monitoring.overlap",
    "monitoring.prediction",
    "monitoring.prediction_score",
    "monitoring.profile",
    "monitoring.segment_effect",
    "monitoring.segment_event",
    "monitoring.segment_health",
    "monitoring.segmentation_fit",
    "monitoring.treatment",
}
_FILES = sorted(EXPECTATIONS.glob("*/*.yaml"))


def _suites() -> list[Suite]:
    return [read_suite(file)[0] for file in _FILES]


def test_every_table_has_a_suite_and_every_suite_a_table() -> None:
    models = {f"{path.parent.name}.{path.stem}" for path in (REPOSITORY / "sql").glob("*/*.sql")}
    # What predictions learn from, and what treatments are resolved from, is read into memory and kept nowhere.
    models = {name for name in models if not name.startswith(("predict.", "treatment."))}
    guarded, there = {suite.table for suite in _suites()}, models | _WITHOUT_MODEL
    unguarded = [f"expectations/{table.replace('.', '/')}.yaml" for table in sorted(there - guarded)]
    assert not unguarded, f"write {', '.join(unguarded)}; none of these tables would be checked"
    told = "suites of tables that are none: name those that a room computes in _WITHOUT_MODEL above, take others out"
    assert guarded <= there, f"{told}: {', '.join(sorted(guarded - there))}"


def test_every_folder_belongs_to_a_door() -> None:
    folders = {path.name for path in EXPECTATIONS.iterdir()}
    assert folders == {schema for schemas in DOORS.values() for schema in schemas}


@pytest.mark.parametrize("file", _FILES, ids=lambda file: f"{file.parent.name}.{file.stem}")
def test_every_suite_can_stop_a_run_and_speaks_plainly(file: Path) -> None:
    suite, replaces = read_suite(file)
    assert not replaces
    severities = {check.expectation.severity for check in suite.checks}
    assert "critical" in severities, "no check is critical: whatever is wrong in the table would be published"
    meanings = [check.expectation.meaning for check in suite.checks]
    assert len(set(meanings)) == len(meanings), "two checks have one meaning: readers could not tell them apart"
    for check in suite.checks:
        meaning = check.expectation.meaning.replace("quality.max_quarantined_share", "")
        assert "_" not in meaning, f"{check.where}: say it in words, without names of columns: {meaning}"


@pytest.mark.parametrize("file", _FILES, ids=lambda file: f"{file.parent.name}.{file.stem}")
def test_every_check_says_whose_it_is_what_to_do_and_what_would_be_wrong(file: Path) -> None:
    for check in read_suite(file)[0].checks:
        said = check.expectation
        # That there are all three, reading the suite has asked for.
        assert said.owner
        assert said.runbook
        assert said.consequence
        assert (REPOSITORY / "docs" / said.runbook).is_file(), f"{check.where}: docs/{said.runbook} is not there"
        is_sentence = said.consequence.endswith(".") and "_" not in said.consequence
        assert is_sentence, f"{check.where}: consequence: a sentence in words that ends in a full stop"
        is_news = said.consequence.rstrip(".").lower() != said.meaning.lower()
        assert is_news, f"{check.where}: consequence: what readers would get wrong, not the meaning again"


def test_every_runbook_is_led_to_by_a_check_or_an_alert() -> None:
    named = {check.expectation.runbook for suite in _suites() for check in suite.checks}
    named |= {f"runbooks/{kind.runbook}.md" for kind in KINDS.values()}
    written = {f"runbooks/{page.name}" for page in RUNBOOKS.glob("*.md") if page.name != "README.md"}
    unwritten, unnamed = sorted(named - written), sorted(written - named)
    assert not unwritten, f"write {', '.join(unwritten)} below docs/, in the shape of the others"
    assert not unnamed, (
        f"nothing leads to {', '.join(unnamed)}: name them as runbook of a check or in tasks/notify/kinds.py"
    )


@pytest.mark.parametrize("page", sorted(set(RUNBOOKS.glob("*.md")) - {RUNBOOKS / "README.md"}), ids=lambda p: p.stem)
def test_runbooks_have_one_shape(page: Path) -> None:
    headings = [line.removeprefix("## ") for line in page.read_text().splitlines() if line.startswith("## ")]
    assert headings == [
        "What happened",
        "What is still published",
        "Look closer",
        "Likely causes",
        "What to do",
        "When to accept it",
    ]


def test_entities_that_no_source_has_to_map_are_skipped_without_one() -> None:
    suites = {suite.table: suite for suite in _suites()}
    assert suites["staging.superseded_order_lines"].requires == ("order_lines",)
    for name in ENTITIES:
        # The customers of `staging` are seen in orders, too.
        for table, wanted in ((f"raw.{name}", [name]), (f"staging.{name}", [] if name == "customers" else [name])):
            told = f"write `requires: {wanted}` into expectations/{table.replace('.', '/')}.yaml"
            assert list(suites[table].requires) == wanted, told


def test_a_source_may_be_of_every_entity() -> None:
    told = "EntityName of tasks/config/sources.py and ENTITIES of tasks/config/entities.py name the same"
    assert set(get_args(EntityName)) == ENTITIES.keys(), told
