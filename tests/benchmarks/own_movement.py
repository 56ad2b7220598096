"""What it is worth to know how a figure moves by itself: figures that move in lumps, and flows that are dispersed.

    python -m tests.benchmarks.own_movement [--years 30] [--output docs/benchmarks-own-movement.md]

Years of 52 weeks are drawn in which nothing happens, or something does in one week; each is judged week by week with
what the weeks before it tell, by the rule that was and by the one that is.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tasks.drift.flow_rates import Flows, measure_flow_rates
from tasks.drift.policy import DriftPolicy
from tasks.drift.records import DriftScore
from tasks.drift.tables import Floats
from tasks.drift.verdict import effect_key, judge_drift, thresholds

WEEKS = 52
_KNOWN = 8
#: One test of the thirty segments whose flows a run compares, with their share of its error rate.
FLOWS = DriftPolicy(family_wise_error_rate=0.01 / 2 * 0.1 / 30)
BASE = np.array([0.7, 0.1, 0.1, 0.1])
MOVED = np.array([0.45, 0.35, 0.1, 0.1])
Draw = Callable[[np.random.Generator, int], Floats]


class Row(NamedTuple):
    """A line of a table."""

    name: str
    of: int
    counts: Sequence[int]


def _dispersed(factor: float) -> Draw:
    """Shares of a week such that counts vary by a multiple of what chance has (Dirichlet-multinomial)."""

    def draw(random: np.random.Generator, members: int) -> Floats:
        return random.dirichlet(BASE * (members - factor) / (factor - 1)) if factor > 1 else BASE

    return draw


def _in_lumps(chance: float, share: float) -> Draw:
    """In some weeks a border takes many across at once."""

    def draw(random: np.random.Generator, _: int) -> Floats:
        taken = min(share * random.lognormal(0, 0.3), 0.7) if random.random() < chance else 0.0
        return BASE + taken * np.array([-1, 1, 0, 0])

    return draw


DISPERSED: dict[str, Draw] = {
    "each customer for himself": _dispersed(1),
    "variance three times that of chance": _dispersed(3),
    "variance ten times that of chance": _dispersed(10),
    "one week in ten takes 30 % across": _in_lumps(0.1, 0.3),
    "three weeks in ten take 30 % across": _in_lumps(0.3, 0.3),
}


def _week(shares: Floats, members: int, random: np.random.Generator) -> Flows:
    stay, *others = random.multinomial(members, shares).tolist()
    return {"s.a": {"s.a": stay, "s.b": others[0], "s.c": others[1], None: others[2]}}


def _alarms(weeks: Sequence[Flows], *, with_past: bool) -> Iterator[bool]:
    """Whether each week from the second on alarms, by what was known then."""
    effects: list[float] = []
    for at in range(1, len(weeks)):
        past = weeks[: at - 1] if with_past else ()
        (score,) = measure_flow_rates(weeks[at - 1], weeks[at], FLOWS, 0, past)
        (verdict,) = judge_drift([score], FLOWS, {effect_key(score): effects})
        yield verdict.level == "alarm"
        effects.append(score.effect_size or 0.0)


def flows(years: int, members: int) -> tuple[list[Row], list[Row]]:
    """Alarms of quiet weeks from the ninth comparison on, and of the week in which as many again leave."""
    quiet: list[Row] = []
    moved: list[Row] = []
    for name, draw in DISPERSED.items():
        random = np.random.default_rng((members, len(quiet)))
        false, found = [0, 0], [0, 0]
        for _ in range(years):
            weeks = [_week(draw(random, members), members, random) for _ in range(WEEKS)]
            changed = [*weeks[:40], _week(MOVED, members, random)]
            for rule, with_past in enumerate((False, True)):
                false[rule] += sum(list(_alarms(weeks, with_past=with_past))[_KNOWN:])
                found[rule] += list(_alarms(changed, with_past=with_past))[-1]
        quiet.append(Row(f"{name}, {members} members", years * (WEEKS - 1 - _KNOWN), false))
        moved.append(Row(f"{name}, {members} members", years, found))
    return quiet, moved


FIGURE = DriftScore(
    subject_kind="feature",
    subject_name="answers",
    feature_type="continuous",
    snapshot_kind="paired",
    test_name="sign_test",
    aspect="value",
    statistic=1.0,
    p_value=0.0,
    effect_name="probit_d",
    effect_size=0.0,
    effect_scale=0.001,
    reference_count=2_000,
    current_count=2_000,
    common_count=2_000,
    entered_count=0,
    left_count=0,
    reference_value_count=2_000,
    current_value_count=2_000,
)


def _limits(past: Floats) -> tuple[float, float, float]:
    """From where an effect alarms: by the median alone, by the mean where that is nothing, and by the rule that is."""
    policy = DriftPolicy()
    median = 4 * 1.4826 * float(np.median(past))
    mean = 4 * math.sqrt(math.pi / 2) * float(past.mean())
    now = thresholds(FIGURE, policy, {effect_key(FIGURE): past.tolist()}).alarm
    by_mean = max(median, mean) if median < policy.notice_effect else median
    return max(policy.alarm_effect, median), max(policy.alarm_effect, by_mean), now


def lumps(years: int) -> list[Row]:
    """Alarms of a figure that moves in lumps in some weeks, every one of them the same to the company."""
    rows = []
    for chance in (0.05, 0.1, 0.2, 0.3):
        random = np.random.default_rng(round(100 * chance))
        counts = [0, 0, 0]
        for _ in range(years):
            sizes = 0.2 * random.lognormal(0, 0.3, WEEKS) * (random.random(WEEKS) < chance)
            effects = np.abs(random.normal(0, 0.005, WEEKS)) + sizes
            for at in range(_KNOWN, WEEKS):
                counts = [
                    count + (effects[at] >= limit) for count, limit in zip(counts, _limits(effects[:at]), strict=True)
                ]
        rows.append(Row(f"{chance:.0%} of weeks by 0.2", years * (WEEKS - _KNOWN), list(map(int, counts))))
    return rows


def after_events(years: int) -> list[Row]:
    """Whether a drift of 0.2 is found in the 40th week of a figure that was quiet but for an event or two before."""
    rows = []
    for events, size, length in ((1, 0.2, 4), (1, 0.2, 8), (1, 0.6, 4), (2, 0.2, 4), (2, 0.6, 4)):
        random = np.random.default_rng((events, round(10 * size), length))
        counts = [0, 0, 0]
        for _ in range(years):
            past = np.abs(random.normal(0, 0.007, 40))
            for start in random.choice(4, events, replace=False):
                past[10 * start : 10 * start + length] += size
            effect = abs(random.normal(0.2, 0.007))
            counts = [count + (effect >= limit) for count, limit in zip(counts, _limits(past), strict=True)]
        times = "one event" if events == 1 else "two events"
        rows.append(Row(f"{times} of {length} weeks by {size}", years, list(map(int, counts))))
    return rows


def _table(heads: Sequence[str], rows: Sequence[Row]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        f"|---|---:|{'---:|' * (len(heads) - 2)}",
        *(
            f"| {row.name} | {row.of:,} | {' | '.join(f'{n:,} ({n / row.of:.1%})' for n in row.counts)} |"
            for row in rows
        ),
    ]


def page(years: int) -> str:
    """The figures in Markdown."""
    small, large = flows(years, 200), flows(years, 600)
    quiet, moved = ([*few, *many] for few, many in zip(small, large, strict=True))
    lines = [
        "# How figures move by themselves",
        "",
        f"Written by `python -m tests.benchmarks.own_movement`: {years} years of {WEEKS} weeks of each kind of segment, and ten",
        f"times as many of each figure, judged week by week from the {_KNOWN + 1}th on by what the weeks before tell.",
        "",
        "## Flows out of a segment",
        "",
        "The chi-square of two weeks takes customers for independent draws. Where past weeks show (homogeneity is rejected at",
        "5 %, eight weeks or more) that they are not, it is taken over their dispersion, and held against F. The limit of the",
        "effect, four times its usual movement, is that of before; the level is that of one segment of thirty in a run.",
        "",
        "Alarms in weeks in which nothing happens:",
        "",
        *_table(("the segment", "weeks", "before", "now"), quiet),
        "",
        "The week found in which those who leave become 55 % instead of 30 %, after 40 weeks:",
        "",
        *_table(("the segment", "years", "before", "now"), moved),
        "",
        "What is as large as what a segment does by itself is found no more: its alarms before could not be told from those of the",
        "table above. Of segments whose customers go each for himself nothing is lost.",
        "",
        "## Figures that move in lumps",
        "",
        "The usual movement is taken from the median of the past effects; where that is nothing, from their mean, without the",
        "largest event. Beside it what the mean of all of them would do.",
        "",
        "Alarms at lumps that are nothing new:",
        "",
        *_table(("lumps in", "weeks", "median alone", "mean", "mean without the largest event"), lumps(10 * years)),
        "",
        "A drift of 0.2 found, of a figure that was quiet but for",
        "",
        *_table(
            ("before it", "years", "median alone", "mean", "mean without the largest event"), after_events(10 * years)
        ),
        "",
        "So the mean of all effects, the usual fallback, hides drift for half a year behind one long or large event, and is not",
        "used. Without the largest event nothing is lost after one; after two large ones what is smaller than they were is. A",
        "figure that moves in fewer weeks than one in ten alarms at nearly all of its lumps by any of these rules: what came once",
        "before cannot be told from an event.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the figures, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--years", type=int, default=30)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    text = page(given.years)
    sys.stdout.write(text)
    if given.output:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
