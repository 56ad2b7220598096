"""Weeks of assigning lie between what happens and the refit that finds it, or between the first who go and the last."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tasks.insight.events import write_events
from tasks.warehouse import ledger, model_ledger
from tasks.warehouse.run import Run
from tests.unit.segments.made_runs import HEADER, compute, members, shop
from tests.workspaces import MakeWorkspace, OpenRun

pytestmark = pytest.mark.usefixtures("few_features")

JUNE, MIDDLE, JULY = dt.date(2025, 6, 30), dt.date(2025, 7, 15), dt.date(2025, 7, 31)
BACK, AGAIN = dt.date(2025, 8, 5), dt.date(2025, 8, 8)
Bought = list[tuple[str, str, float]]


def clusters(**more: object) -> dict[str, Any]:
    """Customers by what they spent in all."""
    asked = {"features": ["net_amount"], "transform": {"net_amount": "log"}, "k": {"min": 2, "max": 6}}
    return {"kind": "clusters", "basis": "value", **asked, **more}


def group(letter: str, amount: float, customers: int = 60, day: str = "2025-05-10") -> Bought:
    """Customers who spent about an amount."""
    return [(f"{letter}{n:02d}", day, amount * (0.9 + 0.2 * n / customers)) for n in range(customers)]


def orders(bought: Bought) -> str:
    return HEADER + "".join(
        f"o{number},1,{customer},{day} 10:00:00,p1,bread,1,{amount:.2f}\n"
        for number, (customer, day, amount) in enumerate(bought)
    )


def roll_back(run: Run, name: str, number: int) -> None:
    """Decide so, where the newest published run left off."""
    (version_id,) = run.warehouse.rows(
        "SELECT version_id FROM segments.model_version WHERE segmentation_id = $name AND model_no = $number LIMIT 1",
        {"name": name, "number": number},
    )[0]
    model_ledger.decide(
        run.warehouse,
        segmentation=name,
        model_no=number,
        version_id=version_id,
        name="rollback",
        as_of=ledger.publications(run.warehouse)[-1].as_of,
        by="anna",
        because="it is better",
    )


def told(run: Run) -> list[tuple[str, str | None, str | None, str]]:
    """Transitions of a run, as they are published."""
    write_events(run)
    return run.warehouse.rows(
        "SELECT event_name, from_segment_ids, to_segment_ids, sentence FROM monitoring.segment_event"
        " WHERE run_id = $run AND event_name IN ('split', 'merge', 'vanish', 'emerge') ORDER BY ALL",
        {"run": run.run_id},
    )


def test_a_group_of_newcomers_is_born_though_they_were_assigned_before(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    bought = group("a", 10) + group("b", 100) + group("n", 4_000, customers=50, day="2025-07-05")
    tree = shop(worth=clusters(refit={"every_days": 10}))
    with opened(make_workspace(tree=tree, orders=orders(bought)), JUNE) as run:
        compute(run)
        there = members(run, "worth")
        assert len(set(there.values())) == 2
    with opened(make_workspace(tree=tree, orders=orders(bought)), MIDDLE) as run:
        assert "won 1 of 2" in compute(run)["worth"]
        assert members(run, "worth")["n00"] == there["b00"]
    with opened(make_workspace(tree=tree, orders=orders(bought)), JULY) as run:
        assert "won 2 of 2" in compute(run)["worth"]
        here = members(run, "worth")
        assert {here[name] for name in here if name[0] == "n"} == {"worth.c03"}
        assert all(here[name] == segment for name, segment in there.items())
        sentence = "worth.c03 emerged: no earlier segment explains it; 100% of its 50 customers came after 2025-06-30"
        assert told(run) == [("emerge", None, "worth.c03", sentence)]
    # Somebody goes back to the first model, and to the third again (the gates refused the second): by then nobody is new to it.
    for date, number, kind in ((BACK, 1, "merge"), (AGAIN, 3, "split")):
        with opened(make_workspace(tree=tree, orders=orders(bought)), date) as run:
            roll_back(run, "worth", number)
            compute(run)
            assert [(one, sources) for one, sources, *_ in told(run)] == [
                (kind, "worth.c02,worth.c03" if kind == "merge" else "worth.c02")
            ]


def likes(**more: object) -> dict[str, Any]:
    """Customers by the category of most of their money."""
    named = {key: {"id": key, "name": key.title()} for key in ("others", "unknown")}
    own = {"others": named["others"], "otherwise": named["unknown"]}
    return {"kind": "values", "basis": "needs", "feature": "top_category_name", "min_share": 0.1, **own, **more}


def carts(**bought: tuple[int, str]) -> str:
    """Orders of so many customers of a category from a day on; of `nothing` the category is not known."""
    rows = [
        (f"{category}{day}{n}", day, category.partition("_")[0].replace("nothing", ""))
        for category, (count, day) in bought.items()
        for n in range(count)
    ]
    return HEADER + "".join(
        f"o{number},1,{customer},{day} 10:00:00,p1,{category},1,5.00\n"
        for number, (customer, day, category) in enumerate(rows)
    )


@pytest.mark.parametrize(("cakes", "named"), [(0, 0), (40, 1)])
def test_of_customers_without_a_value_nothing_is_told(
    make_workspace: MakeWorkspace, opened: OpenRun, cakes: int, named: int
) -> None:
    tree = shop(likes=likes(refit={"every_days": 10}))
    # The order of frequency turns, which no rule is another for. Whoever had no value buys tea; others come without one.
    june = {"bread": (40, "2025-06-01"), "tea": (30, "2025-06-01"), "nothing": (20, "2025-06-01")}
    july = {"tea_more": (50, "2025-07-05"), "nothing_more": (30, "2025-07-05"), "cake": (cakes, "2025-07-05")}
    settled = carts(**june, **july)
    settled += "".join(f"x{n},1,nothing2025-06-01{n},2025-07-06 10:00:00,p1,tea,1,5.00\n" for n in range(18))
    with opened(make_workspace(tree=tree, orders=settled), JUNE) as run:
        compute(run)
        rule = "SELECT rule_text FROM segments.definition WHERE run_id = $run AND segment_id = 'likes.others'"
        then = run.warehouse.value(rule, {"run": run.run_id})
    with opened(make_workspace(tree=tree, orders=settled), MIDDLE) as run:
        assert "learnt anew" in compute(run)["likes"]
        assert (run.warehouse.value(rule, {"run": run.run_id}) == then) == (not named)
        assert [row[:3] for row in told(run)] == [("emerge", None, "likes.cake")] * named


def test_a_segment_that_empties_little_by_little_goes_where_all_of_it_went(
    make_workspace: MakeWorkspace, opened: OpenRun
) -> None:
    stay = group("a", 10) + group("c", 1_000) + group("d", 10_000) + group("e", 100_000)
    middle = group("b", 100)
    targets = {0: 900.0, 1: 9_900.0, 2: 99_900.0}
    went = [
        (name, "2025-07-10" if n < 57 else "2025-07-20", targets[n % 3] if n < 57 else targets[0])
        for n, (name, *_) in enumerate(middle)
    ]
    tree = shop(worth=clusters())
    delivered = orders(stay + middle + went)
    for date in (JUNE, MIDDLE, JULY):
        with opened(make_workspace(tree=tree, orders=delivered), date) as run:
            compute(run)
            here = members(run, "worth")
            if date == JUNE:
                assert len(set(here.values())) == 5
                was = here["b00"]
            found = told(run)
    sentence = f"{was} vanished: its customers dispersed, at most 37% of them to one segment ({here['c00']})"
    assert found == [("vanish", was, None, sentence)]


def test_a_segment_that_fills_again_is_told_as_its_emptying_was(make_workspace: MakeWorkspace, opened: OpenRun) -> None:
    june = group("c", 5) + group("d", 40)
    lines = [(name, day, "tea" if name[0] == "d" else "bread", amount) for name, day, amount in june]
    lines += [(name, "2025-07-05", "bread", 200.0) for name, *_ in june if name[0] == "d"]
    lines += [(name, "2025-07-20", "tea", 900.0) for name, *_ in june if name[0] == "d"]
    delivered = HEADER + "".join(
        f"o{number},1,{customer},{day} 10:00:00,p1,{category},1,{amount:.2f}\n"
        for number, (customer, day, category, amount) in enumerate(lines)
    )
    found = {}
    for date in (JUNE, MIDDLE, JULY):
        with opened(make_workspace(tree=shop(likes=likes()), orders=delivered), date) as run:
            compute(run)
            found[date] = [row[:3] for row in told(run)]
    assert found[MIDDLE] == [("merge", "likes.bread,likes.tea", "likes.bread")]
    assert found[JULY] == [("split", "likes.bread", "likes.bread,likes.tea")]
