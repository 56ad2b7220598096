"""Treatments go where the customer consented to marketing, as far as the as-of day knew; refusals are told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from flows.cluster_space import open_space
from tasks.audit.tasks import audit_segmentations
from tasks.config.workspace import Workspace
from tasks.drift.tasks import measure_drift
from tasks.features.tasks import build_features
from tasks.insight.tasks import measure_segments, name_transitions, profile_segments
from tasks.overlap.tasks import measure_overlap
from tasks.publish.build import build_publication
from tasks.publish.scope import scope_with
from tasks.segments.tasks import write_segments
from tasks.treatment.tasks import resolve_treatments
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run
from tests.staged import divide_all, ingest_and_stage
from tests.workspaces import AS_OF, MakeWorkspace, OpenRun, small_workspace

EARLIER = dt.date(2025, 6, 22)
CONSENTS = """who,what,where,yes,at
anna,marketing,email,true,2025-01-01
anna,marketing,email,false,2025-06-25
anna,marketing,letter,false,2025-01-01
ben,Marketing,,true,2025-06-01
ben,analytics,,false,2025-06-02
"""


@pytest.fixture
def consenting(make_workspace: MakeWorkspace) -> Workspace:
    """New customers get an e-mail; all customers, who are in the RFM segments too, a letter. With a file of consents."""
    tree = treating()
    sources = dict(tree["sources"])
    sources["permissions"] = {
        "entity": "consents",
        "format": "csv",
        "path": "consents.csv",
        "columns": {
            "customer_id": "who",
            "purpose_name": "what",
            "channel_name": '"where"',
            "is_given": "yes",
            "decided_at": '"at"',
        },
    }
    space = make_workspace(tree=tree | {"sources": sources})
    (space.directory / "consents.csv").write_text(CONSENTS)
    return space


def treating() -> dict[str, Any]:
    tree: dict[str, Any] = small_workspace()
    tree["segmentations"]["lifecycle"]["treatments"] = {"new": {"channel": "Email", "offer": "Welcome", "priority": 1}}
    tree["segmentations"]["reach"] = {
        "kind": "rules",
        "basis": "value",
        "segments": [{"id": "all", "name": "All", "when": "order_count > 0"}],
        "treatments": {"all": {"channel": "letter", "offer": "Catalogue"}},
    }
    return tree


def publish_aside(run: Run) -> Path:
    """The corridor without checks, up to the file that readers would get."""
    ingest_and_stage(run)
    build_features.fn(run)
    write_segments.fn(run, divide_all(run))
    steps = (measure_segments, name_transitions, profile_segments, measure_overlap, resolve_treatments, measure_drift)
    for measure in steps:
        measure.fn(run)
    audit_segmentations.fn(run, open_space)
    return build_publication(run, scope_with(run)) / "published.duckdb"


def treatments(file: Path) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What is given and what is refused."""
    with Warehouse.open(file, read_only=True) as published:
        return (
            published.rows("SELECT customer_id, channel_name, offer FROM customer_treatment ORDER BY ALL"),
            published.rows("SELECT customer_id, channel_name, refusal_name, why FROM treatment_refusal ORDER BY ALL"),
        )


def test_without_consents_everybody_gets_his_treatment(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    with opened(make_workspace(tree=treating())) as run:
        given, refused = treatments(publish_aside(run))
    assert given == [
        ("anna", "Email", "Welcome"),
        ("anna", "letter", "Catalogue"),
        ("ben", "Email", "Welcome"),
        ("ben", "letter", "Catalogue"),
    ]
    assert refused == []


def test_a_treatment_needs_consent_on_its_channel(consenting: Workspace, opened: OpenRun) -> None:
    with opened(consenting) as run:
        given, refused = treatments(publish_aside(run))
    # Ben consented to marketing on all channels; what he thinks of analytics is another matter.
    assert given == [("ben", "Email", "Welcome"), ("ben", "letter", "Catalogue")]
    against = "decided against marketing on this channel on "
    assert refused == [
        ("anna", "Email", "refused", against + "2025-06-25"),
        ("anna", "letter", "refused", against + "2025-01-01"),
    ]


def test_a_later_withdrawal_is_not_seen_and_a_backfill_changes_nothing_of_today(
    consenting: Workspace, opened: OpenRun
) -> None:
    with opened(consenting) as run:
        today = treatments(publish_aside(run))
        ledger.note_publication(run.warehouse, Publication(AS_OF, run.run_id))
    with opened(consenting, EARLIER) as run:
        file = publish_aside(run)
        # The file tells of the newest date, though staging now holds the decisions of the earlier one.
        assert treatments(file) == today
        then = run.warehouse.rows(
            "SELECT customer_id, refusal_name FROM monitoring.treatment"
            " WHERE run_id = $run_id AND channel_name = 'Email' ORDER BY ALL",
            {"run_id": run.run_id},
        )
    assert then == [("anna", None), ("ben", None)]


def test_who_never_decided_is_not_written_to(consenting: Workspace, opened: OpenRun) -> None:
    (consenting.directory / "consents.csv").write_text("who,what,where,yes,at\nben,analytics,,true,2025-06-02\n")
    with opened(consenting) as run:
        given, refused = treatments(publish_aside(run))
    assert given == []
    assert {row[2:] for row in refused} == {("unknown", "no decision about marketing on this channel is known")}
    assert len(refused) == 4
