"""What was learnt of a feature is learnt anew where somebody edits what the feature is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.config.loading import load_workspace
from tasks.warehouse.run import open_run
from tests.unit.segments.made_runs import HEADER, compute, members, model, shop

pytestmark = pytest.mark.usefixtures("few_features")

MONTHS = [dt.date(2025, month, 28) for month in (3, 4, 5)]
CUSTOMERS = 120
MODEL = """-- what: one row is what a customer spends on bread
-- why: bakers are told
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column bread_amount: amount of bread bought [unit=currency]
SELECT customer_id, CAST(coalesce(sum(line_amount), 0) AS DECIMAL(18, 4)) AS bread_amount
FROM staging.customers LEFT JOIN staging.order_lines USING (customer_id) GROUP BY customer_id
"""
#: As if tax were taken off, and what was spent beyond 40 counted more.
EDITED = MODEL.replace("coalesce(sum(line_amount), 0)", "coalesce(sum(line_amount), 0) / 2 + 0.5")
COMMENTED = MODEL.replace("bakers are told", "bakers are told of it")
HALVES = {
    "kind": "cuts",
    "basis": "value",
    "feature": "bread_amount",
    "quantiles": [0.5],
    "segments": [{"id": "low", "name": "Low"}, {"id": "high", "name": "High"}],
}
GROUPS = {"kind": "clusters", "basis": "value", "features": ["bread_amount"], "k": {"min": 2, "max": 2}}
BY_HAND = {"refit": {"every_days": None, "accept": "by_hand"}}
EDIT = {
    "halves": "learnt anew, bread_amount is computed otherwise than on 2025-03-28",
    "groups": "how bread_amount is computed changed, so the champion cannot be compared",
}


def orders() -> str:
    """Two groups of customers, who buy in March alone."""
    return HEADER + "".join(
        f"{n},1,c{n:03d},2025-03-{1 + n % 20:02d} 10:00:00,p1,bread,1,{(20 if n % 2 else 90) + n % 7}\n"
        for n in range(CUSTOMERS)
    )


def lived(place: Path, models: list[str], *, by_hand: bool = False) -> list[dict[str, Any]]:
    """Model and members of both segmentations, month by month."""
    own = place / "sql" / "features" / "customer_bread.sql"
    own.parent.mkdir(parents=True)
    (place / "orders.csv").write_text(orders())
    policy = BY_HAND if by_hand else {}
    tree = shop(halves=HALVES | policy, groups=GROUPS | policy)
    (place / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    found = []
    for month, text in zip(MONTHS, models, strict=True):
        own.write_text(text)
        space = load_workspace(place)
        with open_run(space, as_of=month, known_as_of=None, output=place / "out", is_scratch=True) as run:
            compute(run)
            found.append({name: (model(run, name), members(run, name)) for name in ("halves", "groups")})
    return found


def test_thresholds_and_clusters_of_a_feature_that_was_edited_are_learnt_anew(tmp_path: Path) -> None:
    march, april, may = lived(tmp_path, [MODEL, EDITED, EDITED])
    for name in ("halves", "groups"):
        (number, trained, reason), placed = april[name]
        assert (number, trained) == (2, MONTHS[1])
        assert EDIT[name] in reason
        # The feature has other values, and customers stand to each other as they did: nobody moves, by his permanent id.
        assert placed == march[name][1]
        assert len(set(placed.values())) == 2
        # Once, and not at each run from then on.
        assert may[name][0][:2] == (2, MONTHS[1])
        assert may[name][1] == placed


def test_a_comment_makes_nobody_learn(tmp_path: Path) -> None:
    for month in lived(tmp_path, [MODEL, COMMENTED, COMMENTED]):
        assert {name: found[0][:2] for name, found in month.items()} == {
            "halves": (1, MONTHS[0]),
            "groups": (1, MONTHS[0]),
        }


def test_what_is_accepted_by_hand_waits(tmp_path: Path) -> None:
    _, april, may = lived(tmp_path, [MODEL, EDITED, EDITED], by_hand=True)
    for month in (april, may):
        for name in ("halves", "groups"):
            assert month[name][0][:2] == (1, MONTHS[0])
    for name in ("halves", "groups"):
        assert "model 2 waits to be accepted" in april[name][0][2]
        assert EDIT[name] in april[name][0][2]
