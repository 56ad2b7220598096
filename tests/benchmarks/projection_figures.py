"""Segments of people who did not answer: how often projection is right, where their answers are known after all.

Everybody in the Young People Survey answered. By each of several seeds four in ten are made people who did not: segments
are learnt on the others, given to all by `tasks/segments/projection.py`, and compared with the segments that the hidden
answers put people into. Writes docs/benchmarks-projection.md:

    RESEGMENT_TEST_DATA=../shared/data python -m tests.benchmarks.projection_figures
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import t as student

from tasks.config.errors import StatisticsError
from tasks.config.loading import load_workspace
from tasks.features.tasks import build_features
from tasks.segments.cluster import ClusterSpec
from tasks.segments.cluster_model import assign_members, fit_champion
from tasks.segments.projection import CONFIDENCES, Projection, project
from tasks.warehouse.run import open_run
from tests.staged import ingest_and_stage

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "benchmarks-projection.md"
AS_OF = dt.date(2013, 12, 31)
HIDDEN_SHARE = 0.4
#: An accuracy among fewer people than this is none.
FEWEST = 10
DEMOGRAPHICS = ("age_years", "gender_code", "education_name", "region_name")
HABITS = tuple(
    f"{name}_score"
    for name in (
        *("looks", "gadgets", "going_out", "healthy_food", "brands", "saving"),
        *("alcohol", "smoking", "internet"),
    )
)
STYLE = ("technology_score", "shopping_score", "culture_score")
INTERESTS = (*STYLE, "life_science_score", "society_score")
#: From those who answered and all to the segments of all; NULL where somebody has no score.
Learn = Callable[[pl.DataFrame, pl.DataFrame], pl.Series]


@dataclass(frozen=True, slots=True)
class Trial:
    """One seed. Where the projection was refused, all but the base rate is None.

    Attributes:
        base_rate: of the hidden the share of the segment that is the commonest among those who answered.
        told: accuracy on held-out respondents, which the pipeline itself tells.
        true: accuracy on the hidden.
        coverage: by confidence of the hidden the share that is at least as sure, as told and as it is.
        accuracy: by confidence their accuracy, as told and as it is; NaN where fewer than `FEWEST` are.
    """

    base_rate: float
    told: float | None = None
    true: float | None = None
    coverage: tuple[tuple[float, float], ...] = ()
    accuracy: tuple[tuple[float, float], ...] = ()


def clusters(features: Sequence[str]) -> Learn:
    """Two clusters of those who answered, and of everybody the nearest by his answers."""

    def learn(answered: pl.DataFrame, everybody: pl.DataFrame) -> pl.Series:
        model = fit_champion(_scored(answered, features), ClusterSpec(tuple(features), k_min=2, k_max=2))
        members = assign_members(model, _scored(everybody, features)).select("customer_id", "segment_key")
        return everybody.join(members, on="customer_id", how="left", maintain_order="left")["segment_key"]

    return learn


def outlook(_: pl.DataFrame, everybody: pl.DataFrame) -> pl.Series:
    """Contentment in three, as in examples/interests: a rule, which needs nobody to learn from."""
    score = pl.col("wellbeing_score")
    named = pl.when(score < 3).then(pl.lit("strained")).when(score < 3.5).then(pl.lit("even"))
    return everybody.select(named.when(score >= 3.5).then(pl.lit("content")).alias("segment_key"))["segment_key"]


def _scored(frame: pl.DataFrame, features: Sequence[str]) -> pl.DataFrame:
    return frame.select("customer_id", *features).drop_nulls()


@contextmanager
def people(data: Path) -> Iterator[pl.DataFrame]:
    """Everybody's features, with nobody's answers hidden."""
    os.environ["RESEGMENT_TEST_DATA"] = str(data.resolve())
    workspace = load_workspace(REPOSITORY / "examples" / "interests", overrides=["sources.answers.where=_record > 0"])
    with (
        tempfile.TemporaryDirectory() as folder,
        open_run(workspace, as_of=AS_OF, known_as_of=None, output=Path(folder)) as run,
    ):
        ingest_and_stage(run)
        build_features.fn(run)
        demographics, psychographics = (
            run.warehouse.frame(f"SELECT * FROM features.{name} ORDER BY customer_id")
            for name in ("customer_demographics", "customer_psychographics")
        )
        regions = run.warehouse.frame("SELECT customer_id, region_name FROM staging.customers")
        scores = psychographics.select("customer_id", pl.col("^.*_score$"))
        yield demographics.join(scores, on="customer_id").join(regions, on="customer_id").sort("customer_id")


def trial(everybody: pl.DataFrame, learn: Learn, features: Sequence[str], seed: int) -> Trial:
    """Hide four in ten, project, and look."""
    is_hidden = pl.Series(np.random.default_rng([20, seed]).random(everybody.height) < HIDDEN_SHARE)
    labelled = everybody.with_columns(segment_key=learn(everybody.filter(~is_hidden), everybody))
    is_known = labelled["segment_key"].is_not_null()
    answered, hidden = labelled.filter(~is_hidden & is_known), labelled.filter(is_hidden & is_known)
    truth = hidden["segment_key"].to_numpy()
    base_rate = float((truth == answered["segment_key"].mode().sort()[0]).mean())
    try:
        found = project(
            answered.select(features), answered["segment_key"].to_list(), hidden.select(features), seed=seed
        )
    except StatisticsError:
        return Trial(base_rate)
    return _compared(found, truth, base_rate)


def _compared(found: Projection, truth: np.ndarray, base_rate: float) -> Trial:
    is_found = found.segments == truth
    coverage, accuracy = [], []
    for row in found.worth.coverage:
        is_sure = found.chances >= row.confidence
        coverage.append((row.share, float(is_sure.mean())))
        is_told = row.accuracy is not None and row.share * found.worth.respondents >= FEWEST
        told = row.accuracy if is_told and row.accuracy is not None else float("nan")
        accuracy.append((told, float(is_found[is_sure].mean()) if is_sure.sum() >= FEWEST else float("nan")))
    return Trial(base_rate, found.worth.accuracy, float(is_found.mean()), tuple(coverage), tuple(accuracy))


def interval(values: Sequence[float | None]) -> str:
    """Mean over the seeds, the 95 % interval of the mean (t), and over how many."""
    known = np.array([value for value in values if value is not None and not np.isnan(value)])
    if len(known) < 2:
        return "–" if not len(known) else f"{100 * known[0]:.1f} % (1)"
    half = float(student.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known)))
    few = f" ({len(known)})" if len(known) < len(values) else ""
    return f"{100 * known.mean():.1f} ± {100 * half:.1f} %{few}"


def page(trials: dict[tuple[str, str], list[Trial]], count: int, people_count: int) -> str:
    """The Markdown page."""
    lines = [
        "# Projection: how often the segment of somebody who did not answer is right",
        "",
        "Written by `tests/benchmarks/projection_figures.py`. Young People Survey:",
        f"{people_count:,} people, all of whom answered; by each of {count} seeds {100 * HIDDEN_SHARE:.0f} % of them",
        "are made people who did not. *Told*: accuracy in cross-validation on those who answered, which the pipeline",
        "tells. *True*: accuracy on the hidden. *Base rate*: of the hidden those in the segment that is the commonest",
        "among those who answered. Means over the seeds with 95 % intervals (Student's t); seeds hide overlapping groups of",
        "the same people, so the intervals are of these people and no others.",
        "",
        "| segments | known of everybody | refused | base rate | told | true |",
        "|---|---|---|---|---|---|",
    ]
    for (segments, known), rows in trials.items():
        refused = sum(row.true is None for row in rows)
        figures = (interval([getattr(row, name) for row in rows]) for name in ("base_rate", "told", "true"))
        lines.append(f"| {segments} | {known} | {refused}/{count} | {' | '.join(figures)} |")
    lines += [
        "",
        "Refused: no better than the commonest segment on those who answered; the hidden stay unknown. Where a projection is",
        "refused with most seeds, the few that pass are lucky, and what is told of them is better than what is true.",
        "",
        f"Below, by confidence, what passed with at least half of the seeds. Accuracy among fewer than {FEWEST} people is left",
        "out; in brackets the seeds that are left where some are out.",
        "",
    ]
    for (segments, known), rows in trials.items():
        kept = [row for row in rows if row.coverage]
        if 2 * len(kept) >= count:
            lines += [f"## {segments}, by {known}", "", *_by_confidence(kept), ""]
    return "\n".join(lines)


def _by_confidence(rows: list[Trial]) -> Iterator[str]:
    yield "| confidence of at least | share told | share true | accuracy told | accuracy true |"
    yield "|---|---|---|---|---|"
    for place, confidence in enumerate(CONFIDENCES):
        cells = [
            interval([values[place][side] for values in column])
            for column in ([row.coverage for row in rows], [row.accuracy for row in rows])
            for side in (0, 1)
        ]
        yield f"| {confidence:g} | {' | '.join(cells)} |"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=12)
    count = parser.parse_args().seeds
    learners: dict[str, Learn] = {
        "two styles (clusters)": clusters(STYLE),
        "two levels of interest (clusters)": clusters(INTERESTS),
        "three outlooks (rule)": outlook,
    }
    known = {"demographics": DEMOGRAPHICS, "demographics and habits": (*DEMOGRAPHICS, *HABITS)}
    trials: dict[tuple[str, str], list[Trial]] = {}
    with people(Path(os.environ.get("RESEGMENT_TEST_DATA", REPOSITORY.parent / "shared" / "data"))) as everybody:
        for segments, learn in learners.items():
            for name, features in known.items():
                trials[segments, name] = [trial(everybody, learn, features, seed) for seed in range(count)]
                PAGE.write_text(page(trials, count, everybody.height), encoding="utf-8")


if __name__ == "__main__":
    main()
