"""Treatments go where the customer consented to marketing, as far as the as-of day knew; refusals are told."""

from __future__ import annotations

import datetime as dt
import json
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
from tasks.segments.tasks import ask_earlier_definitions, write_segments
from tasks.treatment.tasks import resolve_treatments
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication
from tasks.warehouse.run import Run
from tests.staged import divide_all, ingest_and_stage
from tests.workspaces import AS_OF, MakeWorkspace, OpenRun, small_workspace

pytestmark = pytest.mark.usefixtures("few_features")

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
    ask_earlier_definitions.fn(run)
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


def contacted(
    make_workspace: MakeWorkspace, treatments: dict[str, dict[str, Any]], contacts: dict[str, Any]
) -> Workspace:
    """Segments of every match with rules of the customers' money, and two contacts of Ben in June."""
    tree: dict[str, Any] = small_workspace()
    tree["segmentations"]["money"] = {
        "kind": "rules",
        "basis": "value",
        "match": "any",
        "segments": [
            {"id": "all", "name": "All", "when": "order_count > 0"},
            {"id": "some", "name": "Some", "when": "net_amount > 0"},
            {"id": "more", "name": "More", "when": "order_count >= 1"},
        ],
        "treatments": treatments,
    }
    tree["contacts"] = contacts
    columns = {"campaign_id": "what", "customer_id": "who", "contacted_at": '"at"', "channel_name": "via"}
    sent = {"entity": "campaign_contacts", "format": "csv", "path": "sent.csv", "columns": columns}
    space = make_workspace(tree=tree | {"sources": {**tree["sources"], "sent": sent}})
    (space.directory / "sent.csv").write_text(
        "what,who,at,via\nk1,ben,2025-06-20 10:00:00,Email\nk2,ben,2025-06-01 10:00:00,email\nk3,ben,2025-07-02,email\n"
    )
    return space


def outcome(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    with Warehouse.open(file, read_only=True) as published:
        return {
            "given": published.rows(
                "SELECT customer_id, channel_name, segment_id FROM customer_treatment ORDER BY ALL"
            ),
            "lost": published.rows(
                "SELECT customer_id, losing_segment_ids, losing_treatments FROM customer_treatment ORDER BY ALL"
            ),
            "refused": published.rows(
                "SELECT customer_id, channel_name, segment_id, refusal_name, why FROM treatment_refusal ORDER BY ALL"
            ),
            "summed": published.rows(
                "SELECT segment_id, planned_count, reached_count, cost_amount FROM segment_treatment ORDER BY ALL"
            ),
        }


def test_the_first_in_the_list_wins_and_losers_are_told_why(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    given = {
        "all": {"channel": "email", "priority": 1, "message": "A"},
        "some": {"channel": "Email", "message": "B", "price": 9.5},
        "more": {"channel": "email", "message": "C", "window": {"until": "2025-06-29"}},
    }
    space = contacted(make_workspace, given, {"priorities": ["money.some"]})
    with opened(space) as run:
        found = outcome(publish_aside(run))
    # Whoever reads the treatments of `email` gets those that are spelled otherwise in the workspace, too.
    assert found["given"] == [("anna", "email", "money.some"), ("ben", "email", "money.some")]
    assert [json.loads(row[2]) for row in found["lost"]] == [
        [
            {"segment_id": "money.all", "reason": "priority", "why": "the treatment of money.some goes first"},
            {"segment_id": "money.more", "reason": "window", "why": "is given until 2025-06-29"},
        ]
    ] * 2
    assert [row[1] for row in found["lost"]] == ["money.all,money.more"] * 2
    assert found["refused"] == []


def test_contacts_by_the_as_of_day_count_towards_a_cap(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    given = {"all": {"channel": "email", "message": "A"}, "some": {"channel": "app", "message": "B"}}
    space = contacted(make_workspace, given, {"caps": [{"at_most": 2, "days": 30, "channel": "EMAIL"}]})
    with opened(space) as run:
        found = outcome(publish_aside(run))
    # Ben's third contact is of July, and not known yet.
    assert found["given"] == [
        ("anna", "app", "money.some"),
        ("anna", "email", "money.all"),
        ("ben", "app", "money.some"),
    ]
    assert found["refused"] == [
        (
            "ben",
            "email",
            "money.all",
            "contact_cap",
            "has had the most there may be: 2 contacts on EMAIL within 30 days",
        )
    ]


def test_a_budget_goes_to_those_who_bring_in_most(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    budget = {"cost_per_contact": 2, "total": 3}
    given = {"all": {"channel": "email", "message": "A", "budget": budget, "priority": 1}}
    given |= {"some": {"channel": "email", "message": "B", "exclude": ["lifecycle.new", "lifecycle.active"]}}
    space = contacted(make_workspace, given, {})
    with opened(space) as run:
        file = publish_aside(run)
        ((richest,),) = run.warehouse.rows(
            "SELECT arg_max(customer_id, net_amount) FROM features.customer_value WHERE run_id = $run",
            {"run": run.run_id},
        )
        found = outcome(file)
    (poorer,) = {"anna", "ben"} - {richest}
    assert found["given"] == [(richest, "email", "money.all")]
    assert [row[:2] + row[3:] for row in found["refused"]] == [
        (poorer, "email", "budget", "the budget pays for 1 customers, and others bring in more")
    ]
    assert found["summed"] == [("money.all", 2, 1, 2.0), ("money.some", 2, 0, None)]
