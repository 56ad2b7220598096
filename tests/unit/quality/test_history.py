"""The rule that judges the newest unit by its history."""

from __future__ import annotations

import math
import random

import pytest

from tasks.quality.history import Aspect, Rule, Unit, judge, pool, total_variation

RANDOM = random.Random(1)  # noqa: S311 - made data, no secret


def rows(count: float) -> Unit:
    return Unit(size=count)


def share(count: int, empty: int) -> Unit:
    return Unit(size=count, total=empty)


def level(mean: float, count: int = 100) -> Unit:
    return Unit(size=count, total=count * math.log(mean))


def mixed(**counts: float) -> Unit:
    unit = Unit()
    for part, count in counts.items():
        unit.add(count, 0.0, part)
    return unit


EVEN = [rows(100 + RANDOM.randint(-8, 8)) for _ in range(26)]
FILLED = [share(200, 10 + RANDOM.randint(-3, 3)) for _ in range(26)]
PRICED = [level(3.5 * (1 + RANDOM.uniform(-0.05, 0.05))) for _ in range(26)]
MIXED = [mixed(web=60 + RANDOM.randint(-5, 5), app=40 + RANDOM.randint(-5, 5)) for _ in range(26)]


@pytest.mark.parametrize(
    ("newest", "history", "rule", "is_wrong"),
    [
        (rows(105), EVEN, Rule("rows", 3), False),
        (rows(20), EVEN, Rule("rows", 3), True),
        (rows(320), EVEN, Rule("rows", 3), True),
        (rows(320), EVEN, Rule("rows", 3, only="fewer"), False),
        (rows(20), EVEN, Rule("rows", 3, only="more"), False),
        (rows(320), EVEN, Rule("rows", 3, only="more"), True),
        (share(200, 12), FILLED, Rule("empty", 0.1), False),
        (share(200, 80), FILLED, Rule("empty", 0.1), True),
        (share(200, 24), FILLED, Rule("empty", 0.1), False),
        (level(3.6), PRICED, Rule("level", 1.5), False),
        (level(350), PRICED, Rule("level", 1.5), True),
        (level(0.035), PRICED, Rule("level", 1.5), True),
        (level(4.5), PRICED, Rule("level", 1.5), False),
        (mixed(web=58, app=42), MIXED, Rule("mix", 0.15), False),
        (mixed(web=100), MIXED, Rule("mix", 0.15), True),
        (mixed(web=60, app=20, phone=20), MIXED, Rule("mix", 0.15), True),
    ],
)
def test_what_is_unusual_and_matters_is_told(newest: Unit, history: list[Unit], rule: Rule, is_wrong: bool) -> None:
    found = judge(newest, history, rule)
    assert found is not None
    assert found.is_wrong == is_wrong


def test_a_restless_series_is_not_told_for_what_it_does_all_the_time() -> None:
    restless = [rows(count) for count in [20, 400, 60, 900, 35, 500, 80, 1200, 45, 300]]
    found = judge(rows(1000), restless, Rule("rows", 3))
    assert found is not None
    assert not found.is_wrong


@pytest.mark.parametrize(
    ("newest", "history"),
    [(rows(5), EVEN[:7]), (rows(5), [rows(10)] * 26), (level(900, count=3), PRICED), (mixed(web=5), MIXED)],
)
def test_too_little_is_not_judged(newest: Unit, history: list[Unit]) -> None:
    aspect: Aspect = "mix" if newest.counts else "level" if newest.total else "rows"
    assert judge(newest, history, Rule(aspect, 1.5)) is None


@pytest.mark.parametrize(
    ("newest", "history", "rule", "like", "unlike"),
    [
        (rows(20), EVEN, Rule("rows", 3), rows(22), rows(95)),
        (level(350), PRICED, Rule("level", 1.5), level(340), level(3.5)),
        (share(200, 80), FILLED, Rule("empty", 0.1), share(200, 78), share(200, 10)),
        (mixed(web=100), MIXED, Rule("mix", 0.15), mixed(web=99, app=1), mixed(web=60, app=40)),
    ],
)
def test_what_was_published_like_that_is_not_told_again(
    newest: Unit, history: list[Unit], rule: Rule, like: Unit, unlike: Unit
) -> None:
    quiet, told = judge(newest, history, rule, published=like), judge(newest, history, rule, published=unlike)
    assert quiet is not None
    assert told is not None
    assert (quiet.is_wrong, told.is_wrong) == (False, True)


def test_a_season_that_comes_every_year_is_no_news() -> None:
    found = judge(rows(400), EVEN, Rule("rows", 3), seasonal=(90.0, 350.0))
    assert found is not None
    assert not found.is_wrong
    found = judge(rows(400), EVEN, Rule("rows", 3), seasonal=(90.0, 110.0))
    assert found is not None
    assert found.is_wrong


def test_the_value_that_changed_most_is_named_with_both_shares() -> None:
    found = judge(mixed(web=30, app=30, phone=40), MIXED, Rule("mix", 0.15))
    assert found is not None
    assert found.part == "phone"
    assert found.newest == pytest.approx(0.4)
    assert found.usual == 0


def test_few_rows_of_many_values_are_no_other_mix() -> None:
    """71 lines of one file, drawn from the 40 stores of all others, differ by a third from chance alone."""
    draw = random.Random(7)  # noqa: S311 - made data, no secret

    def drawn(count: int) -> Unit:
        unit = Unit()
        for _ in range(count):
            unit.add(1, 0.0, f"s{draw.randrange(40)}")
        return unit

    history = [drawn(600) for _ in range(12)]
    few = drawn(71)
    assert total_variation(few.shares, pool(history).shares) > 0.25
    found = judge(few, history, Rule("mix", 0.15))
    assert found is not None
    assert not found.is_wrong


def test_total_variation_is_half_the_sum_of_differences() -> None:
    assert total_variation({"a": 0.5, "b": 0.5}, {"a": 0.5, "b": 0.5}) == 0
    assert total_variation({"a": 1.0}, {"b": 1.0}) == 1
    assert total_variation({"a": 0.7, "b": 0.3}, {"a": 0.5, "b": 0.4, "c": 0.1}) == pytest.approx(0.2)


def test_pooled_units_add_up() -> None:
    whole = pool([mixed(a=1, b=2), mixed(b=3)])
    assert (whole.size, whole.counts) == (6, {"a": 1, "b": 5})


def test_chance_alone_is_seldom_told() -> None:
    """Poisson counts, binomial shares and multinomial mixes of 40 to 100 rows, 2,000 series: none passes both gates."""
    import numpy as np

    draw = np.random.default_rng(20250630)
    told = 0
    for _ in range(500):
        rate = draw.integers(40, 100)
        told += _is_told([rows(float(count)) for count in draw.poisson(rate, 27)], Rule("rows", 3, deviations=4))
        told += _is_told([share(100, int(empty)) for empty in draw.binomial(100, 0.3, 27)], Rule("empty", 0.1))
        prices = draw.lognormal(1.0, 1.0, (27, 50))
        told += _is_told([Unit(50, float(np.log(week).sum())) for week in prices], Rule("level", 1.5))
        weeks = draw.multinomial(80, [0.5, 0.3, 0.1, 0.1], 27)
        told += _is_told([mixed(**{f"v{n}": int(c) for n, c in enumerate(week)}) for week in weeks], Rule("mix", 0.15))
    assert told == 0


def _is_told(units: list[Unit], rule: Rule) -> bool:
    found = judge(units[0], units[1:], rule)
    assert found is not None
    return found.is_wrong
