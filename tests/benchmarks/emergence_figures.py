"""How often the scan for new groups of customers is wrong, and how well it names those that are there, beside peers.

Run from the repository: `PYTHONPATH=. python tests/benchmarks/emergence_figures.py [--scale 1.0] [--output FILE]`.
Prints a Markdown table of counts with 95 % Wilson intervals. Not a pytest module.

Peers, on the same data and the same normal scores: a classifier (gradient boosting, two folds) that tells the
snapshots apart, with the p-value of its AUC on rows that it has not seen; and HDBSCAN of both snapshots together, a
cluster being new where our own limits of ratio and excess say so.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from drift_population import NUMERIC, SPECS, Population
from drift_scenarios import PANEL_CHANGED, Maker, Snapshots, iid, panel, panel_wobble
from intervals import wilson
from scipy.stats import mannwhitneyu

from tasks.drift.candidates import EmergencePolicy
from tasks.drift.emergence import scan_emergence
from tasks.drift.normal_scores import score_snapshots

POLICY = EmergencePolicy()
SHARE = 0.02
PEER_REPETITIONS = 20
PEER_ROWS = 2_000
"""HDBSCAN compares every pair of rows: above this number of customers it is left out."""

Integers = npt.NDArray[np.int64]

MODERATE = ("monetary_90_amount", "frequency_90_count", "discount_amount", "return_count")
STRONG = (*MODERATE, "average_order_amount")


@dataclass(frozen=True)
class Planted:
    """A group of 2 % of the customers who come to lie together: `shift` sd in each of its features, give or take 0.5."""

    name: str
    shift: float
    features: Sequence[str]
    is_panel: bool

    def draw(self, size: int, random: np.random.Generator) -> tuple[Snapshots, set[int]]:
        """Give the snapshots, and the ids of the group."""
        before = Population.draw(size, random)
        now = before.with_changed(PANEL_CHANGED, random) if self.is_panel else Population.draw(size, random)
        members = random.choice(size, round(SHARE * size), replace=False)
        columns = [NUMERIC.index(name) for name in self.features]
        scores = now.scores.copy()
        scores[np.ix_(members, columns)] = self.shift + 0.5 * random.standard_normal((members.size, len(columns)))
        first = 0 if self.is_panel else size
        return Snapshots(before.frame(), Population(scores).frame(first_id=first)), {
            int(id_) + first for id_ in members
        }


@dataclass
class Tally:
    """What came out of the repetitions."""

    repetitions: int = 0
    emerging: int = 0
    vanishing: int = 0
    either: int = 0
    jaccard: list[float] = field(default_factory=list)
    peer_repetitions: int = 0
    classifier: int = 0
    cluster_repetitions: int = 0
    clusters: int = 0
    cluster_jaccard: list[float] = field(default_factory=list)
    seconds: float = 0.0


def run(make: Maker | Planted, size: int, repetitions: int, seed: int) -> Tally:
    """Repeat one scenario."""
    tally = Tally()
    for repetition in range(repetitions):
        random = np.random.default_rng((seed, repetition))
        snapshots, truth = make.draw(size, random) if isinstance(make, Planted) else (make(size, random), set())
        started = time.process_time()
        found = scan_emergence(*snapshots, SPECS, POLICY, repetition)
        tally.seconds += time.process_time() - started
        tally.repetitions += 1
        arose = [{int(id_) for id_ in one.customer_ids} for one in found if one.direction == "emerging"]
        tally.emerging += bool(arose)
        tally.vanishing += any(one.direction == "vanishing" for one in found)
        tally.either += bool(found)
        tally.jaccard.append(max((jaccard(one, truth) for one in arose), default=0.0))
        if repetition < PEER_REPETITIONS:
            _peers(tally, snapshots, truth)
    return tally


def jaccard(found: set[int], truth: set[int]) -> float:
    """Customers in both over customers in either."""
    return len(found & truth) / max(len(found | truth), 1)


def _peers(tally: Tally, snapshots: Snapshots, truth: set[int]) -> None:
    scored = score_snapshots(*snapshots, NUMERIC, 0)
    rows = np.concatenate((scored.reference, scored.current)).astype(np.float64)
    is_current = np.repeat((0, 1), (snapshots.reference.height, snapshots.current.height))
    tally.peer_repetitions += 1
    tally.classifier += classifier_p_value(rows, is_current) <= POLICY.family_wise_error_rate
    if snapshots.current.height <= PEER_ROWS:
        ids = scored.current_ids.to_numpy()
        groups = [set(ids[members].tolist()) for members in new_clusters(rows, is_current)]
        tally.cluster_repetitions += 1
        tally.clusters += bool(groups)
        tally.cluster_jaccard.append(max((jaccard(group, truth) for group in groups), default=0.0))


def classifier_p_value(rows: npt.NDArray[np.float64], is_current: Integers) -> float:
    """P of "the snapshots cannot be told apart", from scores of rows that the classifier has not seen."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import cross_val_predict

    model = HistGradientBoostingClassifier(max_iter=50, random_state=0)
    scores = cross_val_predict(model, rows, is_current, cv=2, method="predict_proba")[:, 1]
    return float(mannwhitneyu(scores[is_current == 1], scores[is_current == 0], alternative="greater").pvalue)


def new_clusters(rows: npt.NDArray[np.float64], is_current: Integers) -> list[Integers]:
    """Rows of the current snapshot in each cluster of HDBSCAN that is new by the limits of ratio and excess."""
    from sklearn.cluster import HDBSCAN

    labels = HDBSCAN(min_cluster_size=15, copy=True).fit_predict(rows)
    old, new = labels[is_current == 0], labels[is_current == 1]
    return [
        np.flatnonzero(new == label)
        for label in range(labels.max(initial=-1) + 1)
        if (new == label).mean() >= POLICY.ratio * (old == label).mean()
        and (new == label).mean() - (old == label).mean() >= POLICY.excess_share
    ]


PREFACE = """# Emerging segments: how often a group is named that is none, and how well one is named that is there

Written by `tests/benchmarks/emergence_figures.py`. Counts of runs, shares, and 95 % Wilson intervals.

- The customers are those of [benchmarks-drift.md](benchmarks-drift.md): 10 numeric features, 5 of them mostly zero, and
  2 categories, which only describe. *iid*: different customers in both snapshots. *Panel*: the same, 5 % of them like
  others now. *Wobble*: each feature of all customers besides shifted at random with sd 0.03.
- Without a new group a run counts where *any* candidate is named, emerging or vanishing.
- A new group is 2 % of the customers. *Strong*: 3 sd, give or take 0.5, in five of the features, four of them mostly
  zero; *moderate*: 2 sd in those four. Elsewhere its customers stay as they are. *Weak* (1.5 sd) has no target; it
  shows where the scan ends.
- The Jaccard index compares the members named with the true ones; the candidate closest to them counts.
- Peers, on the first runs: a classifier (gradient boosting, two folds) that tells the snapshots apart, p <= 1 %; it
  names nobody. HDBSCAN of both snapshots together (clusters of 15 and more), a cluster being new by our own limits
  (ratio 2, excess 0.4 %); its time grows with the square of the customers, so that it is left out above 2,000.
- "interval open" says that so few runs cannot tell which side of the target the true share lies on.

"""
HEADER_FALSE = """## No new group

| scenario | n | runs | emerging | vanishing | either | classifier p <= 1 % | HDBSCAN | target | met | s per run |
|---|---|---|---|---|---|---|---|---|---|---|"""
HEADER_POWER = """## A new group of 2 %

| scenario | n | runs | named | Jaccard >= 0.5 | Jaccard >= 0.85 | median Jaccard | classifier p <= 1 % | HDBSCAN: Jaccard >= 0.5 | target | met | s per run |
|---|---|---|---|---|---|---|---|---|---|---|---|"""


def _cell(hits: int, repetitions: int) -> str:
    if not repetitions:
        return "not run"
    low, high = wilson(hits, repetitions)
    return f"{hits}/{repetitions} = {100 * hits / repetitions:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def _met(hits: int, repetitions: int, target: float, *, is_false_alarm: bool) -> str:
    rate = hits / repetitions
    low, high = wilson(hits, repetitions)
    is_met = rate <= target if is_false_alarm else rate >= target
    return ("yes" if is_met else "**no**") + (", interval open" if low <= target <= high else "")


def false_alarm_row(name: str, make: Maker, size: int, repetitions: int, seed: int) -> str:
    """Run and format a line without a new group."""
    tally = run(make, size, repetitions, seed)
    cells = (_cell(count, tally.repetitions) for count in (tally.emerging, tally.vanishing, tally.either))
    peers = (
        _cell(tally.classifier, tally.peer_repetitions),
        _cell(tally.clusters, tally.cluster_repetitions),
    )
    met = _met(tally.either, tally.repetitions, 0.01, is_false_alarm=True)
    seconds = tally.seconds / tally.repetitions
    return (
        f"| {name} | {size:,} | {tally.repetitions} | {' | '.join((*cells, *peers))} | ≤1 % | {met} | {seconds:.2f} |"
    )


def power_row(planted: Planted, size: int, repetitions: int, seed: int, target: tuple[float, float] | None) -> str:
    """Run and format a line with a new group; `target` is a share of runs and the least Jaccard."""
    tally = run(planted, size, repetitions, seed)
    total, indices = tally.repetitions, np.array(tally.jaccard)
    named = sum(index > 0 for index in tally.jaccard)
    counts = (named, int((indices >= 0.5).sum()), int((indices >= 0.85).sum()))
    asked, met = "none", ""
    if target is not None:
        share, least = target
        asked = f"≥{100 * share:.0f} % with Jaccard ≥{least}"
        met = _met(int((indices >= least).sum()), total, share, is_false_alarm=False)
    cells = " | ".join(_cell(count, total) for count in counts)
    clusters = int((np.array(tally.cluster_jaccard) >= 0.5).sum())
    peers = f"{_cell(tally.classifier, tally.peer_repetitions)} | {_cell(clusters, tally.cluster_repetitions)}"
    median, seconds = float(np.median(indices)), tally.seconds / total
    what = f"{planted.name} | {size:,} | {total}"
    return f"| {what} | {cells} | {median:.2f} | {peers} | {asked} | {met} | {seconds:.2f} |"


def lines(scale: float, seed: int) -> list[str]:
    """All lines of the page, printed as they come."""
    written: list[str] = []

    def say(line: str) -> None:
        written.append(line)
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    say(HEADER_FALSE)
    makers = (("iid", iid), ("panel", panel), ("panel, wobble", panel_wobble))
    for number, (size, repetitions) in enumerate(((500, 1000), (2_000, 1000), (20_000, 50))):
        for place, (name, make) in enumerate(makers):
            say(false_alarm_row(name, make, size, max(round(scale * repetitions), 1), seed + 10 * number + place))
    say("")
    say(HEADER_POWER)
    for number, (size, repetitions) in enumerate(((2_000, 200), (20_000, 25))):
        for place, is_panel in enumerate((False, True)):
            where = "panel" if is_panel else "iid"
            rows: tuple[tuple[Planted, tuple[float, float] | None], ...] = (
                (Planted(f"strong, {where}", 3.0, STRONG, is_panel), (0.95, 0.85)),
                (Planted(f"moderate, {where}", 2.0, MODERATE, is_panel), (0.90, 0.5) if is_panel else None),
                (Planted(f"weak, {where}", 1.5, MODERATE, is_panel), None),
            )
            for planted, target in rows:
                runs = max(round(scale * repetitions), 1)
                say(power_row(planted, size, runs, seed + 100 + 10 * number + place, target))
    return written


def main() -> None:
    """Run all scenarios and print the tables as they grow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies all repetitions")
    parser.add_argument("--seed", type=int, default=20_260_301)
    parser.add_argument("--output", type=Path, help="also write the page to this file")
    options = parser.parse_args()
    written = lines(options.scale, options.seed)
    missed = [", n = ".join(line.strip("| ").split(" | ")[:2]) for line in written if "**no**" in line]
    if options.output:
        text = PREFACE + "\n".join([*written, "", f"Missed: {'; '.join(missed) or 'nothing'}."]) + "\n"
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
