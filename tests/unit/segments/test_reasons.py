"""A change that is told is true: applied to a customer, it puts him where it says, by the very code that divides."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tasks.config.errors import UsageError
from tasks.segments.divide import divide_by
from tasks.segments.division import MEMBERS
from tasks.segments.reasons.smallest_change import Change, smallest_change
from tasks.segments.reasons.standing import Standing, standings
from tasks.segments.reasons.why import why_in, why_not
from tasks.warehouse.catalogue import KEY, Catalogue, catalogue_of
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.ledger import publications
from tasks.warehouse.run import Run
from tests.unit.plan.shops import CUSTOMERS, JUNE, Shop, tree

pytestmark = pytest.mark.usefixtures("few_features")

#: Every kind, the two ways of matching rules, and trees of conditions.
KINDS = (
    "lifecycle",
    "needs",
    "trees",
    "rfm",
    "tiers",
    "likes",
    "groups",
    "clouds",
    "dense",
    "weighed",
    "finer",
    "guessed",
)


GROUPS = {
    "kind": "clusters",
    "basis": "behavioural",
    "features": ["recency_days", "order_count", "net_amount"],
    "k": {"min": 2, "max": 3},
}


def every_kind() -> dict[str, Any]:
    space = tree()
    del space["consumers"]
    space["segmentations"] |= {
        "trees": {
            "kind": "rules",
            "basis": "behavioural",
            "population": "order_count >= 2",
            "segments": [
                {
                    "id": "either",
                    "name": "Either",
                    "when": {"any": ["net_amount > 700", {"all": ["order_count >= 9", "recency_days < 20"]}]},
                    "except": ["top_category_name = 'wine'"],
                },
                {"id": "ratio", "name": "Ratio", "when": "net_amount / order_count BETWEEN 8 AND 12"},
                {"id": "not_bread", "name": "Not bread", "when": {"not": "top_category_name = 'bread'"}},
            ],
        },
        "clouds": {**GROUPS, "algorithm": "gaussian"},
        "dense": {**GROUPS, "algorithm": "hdbscan", "noise": "nearest", "accept": "reproducible"},
        "weighed": {**GROUPS, "weights": {"net_amount": 3}, "transform": {"recency_days": "rank"}},
        "finer": {
            **GROUPS,
            "inside": "groups.c01",
            "features": ["recency_days", "order_count"],
            "k": {"min": 2, "max": 2},
        },
        "panel": {
            "kind": "rules",
            "basis": "needs",
            "population": "product_count % 2 = 1",
            "segments": [{"id": "keen", "name": "Keen", "when": "net_amount >= 200"}],
            "otherwise": {"id": "calm", "name": "Calm"},
        },
        "guessed": {
            "kind": "projected",
            "basis": "needs",
            "of": "panel",
            "features": ["order_count", "recency_days"],
            "min_confidence": 0.6,
            "otherwise": {"id": "unknown", "name": "Unknown"},
        },
    }
    return space


class Changed(Catalogue):
    """The features of a run in which one customer's are others."""

    def __init__(self, real: Catalogue, customer_id: str, values: dict[str, Any], types: dict[str, str]) -> None:
        super().__init__(real.models)
        self.customer_id, self.values, self.types = customer_id, values, types

    def relation(self, run_id: str, names: Iterable[str] | None = None) -> str:
        def changed(name: str, value: object) -> str:
            said = "NULL" if value is None else literal(str(value))
            column = identifier(name)
            return (
                f"CASE WHEN {KEY} = {literal(self.customer_id)} THEN CAST({said} AS {self.types[name]})"
                f" ELSE {column} END AS {column}"
            )

        kept = {name: value for name, value in self.values.items() if names is None or name in names}
        relation = super().relation(run_id, names)
        replaced = ", ".join(changed(name, value) for name, value in kept.items())
        return f"(SELECT * REPLACE ({replaced}) FROM {relation})" if kept else relation


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A published run, as the one that follows it on the same features finds it."""
    shop = Shop(tmp_path_factory.mktemp("reasons"))
    with shop.running(shop.edited(every_kind()), JUNE) as found:
        found.previous = publications(found.warehouse)[-1]
        yield found


def standing_of(run: Run, customer: str, name: str) -> Standing:
    return standings(run.warehouse, catalogue_of(run), publications(run.warehouse)[-1], customer, [name])[0]


def divided_for_real(run: Run, standing: Standing, change: Change) -> set[str]:
    """Where the customer is when everybody is divided again, and he has the features that the change names."""
    values = {item.feature: item.after for item in change.features}
    catalogue = Changed(catalogue_of(run), standing.customer_id, values, standing.types)
    earlier = {}
    if standing.asked_first is not None:
        first = standing.asked_first.name
        earlier = {first: divide_by(run, catalogue, first, {})}
    divide_by(run, catalogue, standing.name, earlier)
    rows = run.warehouse.rows(
        f"SELECT segment_id FROM {MEMBERS.format(standing.name)} WHERE customer_id = $customer",
        {"customer": standing.customer_id},
    )
    return {segment for (segment,) in rows}


@pytest.mark.parametrize("name", KINDS)
def test_a_change_that_is_told_leads_where_it_says(run: Run, name: str) -> None:
    draw = random.Random(name)  # noqa: S311 - data of a test
    customers = [f"c{number:03d}" for number in draw.sample(range(CUSTOMERS), 2 if name == "guessed" else 5)]
    told = 0
    for customer in customers:
        standing = standing_of(run, customer, name)
        others = [key for key in standing.by_id if key not in standing.own]
        for target in [None, *draw.sample(others, min(1, len(others)))]:
            change = smallest_change(standing, target)
            if change is None:
                continue
            told += 1
            assert set(change.to_segment_ids) != standing.own
            assert target is None or target in change.to_segment_ids
            assert divided_for_real(run, standing, change) == set(change.to_segment_ids), (customer, change)
    # Nearly everybody can be moved.
    assert told >= len(customers)


def change_of(run: Run, customer: str, name: str, target: str | None = None) -> dict[str, Any]:
    found = smallest_change(standing_of(run, customer, name), target)
    return {item.feature: item.after for item in found.features} if found else {}


def some(run: Run, condition: str) -> str:
    """The first customer of whom a condition on features holds."""
    relation = catalogue_of(run).relation(run.run_id)
    return str(run.warehouse.value(f"SELECT customer_id FROM {relation} WHERE {condition} ORDER BY 1 LIMIT 1"))


def test_the_smallest_change_is_just_across_the_threshold(run: Run) -> None:
    late = some(run, "recency_days BETWEEN 35 AND 110")
    assert change_of(run, late, "lifecycle", "lifecycle.active") == {"recency_days": 30}
    assert change_of(run, late, "lifecycle", "lifecycle.lapsed") == {"recency_days": 121}
    two = some(run, "recency_days > 120 AND order_count = 2")
    assert change_of(run, two, "needs", "needs.often") == {"order_count": 5}


def test_nothing_is_told_that_no_change_can_do(run: Run) -> None:
    # Whoever is new is taken by an earlier rule; nobody's tenure can be below his recency, but features are free.
    standing = standing_of(run, "c001", "likes")
    assert smallest_change(standing, "likes.nowhere") is None


def test_why_in_tells_the_parts_with_values(run: Run) -> None:
    active = some(run, "recency_days <= 30 AND tenure_days > 30")
    found = why_in(standing_of(run, active, "lifecycle"))
    assert [part.text for part in found.parts] == ["recency_days <= 30"]
    assert found.parts[0].holds
    assert "recency_days is" in found.parts[0].told


def test_why_not_tells_what_fails_and_who_took_him(run: Run) -> None:
    active = some(run, "recency_days <= 30 AND tenure_days > 30")
    standing = standing_of(run, active, "lifecycle")
    assert why_not(standing, "lifecycle.quiet").reasons == [
        "its rule holds, too; the earlier rule of lifecycle.active took him"
    ]
    (reason,) = why_not(standing, "lifecycle.new").reasons
    assert reason.startswith("does not hold: tenure_days <= 30 (tenure_days is ")
    assert reason.endswith(" off)")
    assert why_not(standing, "lifecycle.active").is_in
    assert why_not(standing, "lifecycle.lapsed").reasons == [
        "he is in lifecycle.active: only who is in no other segment is here"
    ]
    with pytest.raises(UsageError, match="no segment 'lifecycle.laps'"):
        why_not(standing, "lifecycle.laps")


def test_who_is_outside_the_population_is_told_so(run: Run) -> None:
    once = some(run, "order_count = 1")
    standing = standing_of(run, once, "trees")
    assert why_in(standing).reason.startswith(
        "not among those who are divided: order_count >= 2 (order_count is 1, 1 off)"
    )
    assert "not among those" in why_not(standing, "trees.ratio").reasons[0]


def test_scores_are_told_with_the_ranges_they_miss(run: Run) -> None:
    lost = some(run, "order_count = 1 AND recency_days > 300")
    found = why_not(standing_of(run, lost, "rfm"), "rfm.champions")
    assert any("recency score" in reason and "expected 5" in reason for reason in found.reasons)
    assert any("frequency score" in reason and "expected 4 to 5" in reason for reason in found.reasons)


def test_pulls_of_features_add_up_to_the_distances(run: Run) -> None:
    for customer in ("c000", "c001", "c050", "c051"):
        found = why_in(standing_of(run, customer, "groups")).distances
        assert found is not None
        assert found.other is not None
        assert {pull.feature for pull in found.pulls} == {"recency_days", "order_count", "net_amount"}
        total = sum(pull.weight for pull in found.pulls)
        assert total == pytest.approx(found.other**2 - found.own**2, abs=1e-3)


def test_a_segmentation_that_is_not_published_is_named(run: Run) -> None:
    with pytest.raises(UsageError, match="no published segmentation 'nothing'"):
        standing_of(run, "c001", "nothing")
    with pytest.raises(UsageError, match="no customer 'zoe'"):
        standing_of(run, "zoe", "rfm")


def test_a_run_of_an_earlier_version_is_told_to_be_run_again(run: Run) -> None:
    newest = publications(run.warehouse)[-1].run_id
    update = "UPDATE segments.definition SET asked_text = {} WHERE run_id = '" + newest + "'"
    run.warehouse.execute("CREATE TEMP TABLE kept AS SELECT segment_id, asked_text FROM segments.definition")
    run.warehouse.execute(update.format("NULL"))
    with pytest.raises(UsageError, match="published by an earlier version") as caught:
        standing_of(run, "c001", "rfm")
    assert "run `resegment run` once more" in str(caught.value)
    run.warehouse.execute(
        update.format("(SELECT any_value(kept.asked_text) FROM kept WHERE kept.segment_id = definition.segment_id)")
    )
