"""Do labels stay where nothing happened, and is it named right where something did.

Used by `cluster_figures.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import PowerTransformer

from tasks.insight.transitions import Transition, find_transitions
from tasks.segments import kmeans
from tasks.segments.cluster_model import ClusterSpec, assign_members, fit_champion, refit_challenger
from tests.benchmarks.cluster_page import EFFORT, Row, share
from tests.benchmarks.cluster_panel import FATES, CloudPanel, SegmentedPanel

CHANGED = 0.05
ROWS = 3_000
WEEKS = 4


def churn(repetitions: int) -> list[Row]:
    """Label churn of unchanged customers, and agreement with the run before, over weekly refits."""
    rows: list[Row] = []
    for population in ("five segments", "cloud, one factor"):
        ours: dict[str, list[float]] = defaultdict(list)
        peers: dict[str, list[float]] = defaultdict(list)
        for seed in range(repetitions):
            panel = _panel(population, seed)
            spec = ClusterSpec(panel.features, k_min=2, k_max=7, seed=seed, effort=EFFORT)
            first = panel.frame()
            model = fit_champion(first, spec)
            members = assign_members(model, first)
            for name, other in (("same", spec), ("same_seed", replace(spec, seed=seed + 1_000))):
                again = refit_challenger(model, first, other, members, model.keys).model
                ours[name].append(_moved(members, assign_members(again, first, members)).mean())
            for week in range(WEEKS):
                before, truth = members, panel.truth()
                unchanged = panel.change(CHANGED)
                now = panel.frame()
                outcome = refit_challenger(model, now, spec, before, model.names)
                model, members = outcome.model, assign_members(outcome.model, now, before)
                _tally(ours, before, members, unchanged, adopted=outcome.adopted)
                if truth is not None:
                    ours["ari_truth"].append(adjusted_rand_score(truth, panel.truth()))
                if week == 0:
                    _peer_churn(peers, first, now, unchanged, len(model.clusters), seed)
        rows += _churn_rows(population, ours, peers)
    return rows


def _tally(
    ours: dict[str, list[float]], before: pl.DataFrame, after: pl.DataFrame, unchanged: np.ndarray, *, adopted: bool
) -> None:
    old, new = before["segment_key"], after["segment_key"]
    ours["adopted"].append(adopted)
    ours["changed"].append(_moved(before, after)[unchanged].mean())
    ours["ari"].append(adjusted_rand_score(old, new))
    ours["ari_unchanged"].append(adjusted_rand_score(old.filter(unchanged), new.filter(unchanged)))
    ours["events"].append(any(t.confirmed and t.kind != "survive" for t in _transitions(before, after)))


def _panel(population: str, seed: int) -> SegmentedPanel | CloudPanel:
    if population == "five segments":
        return SegmentedPanel(3_000 + seed, k=5, rows=ROWS)
    return CloudPanel(4_000 + seed, rows=ROWS)


def _peer_churn(
    peers: dict[str, list[float]], first: pl.DataFrame, second: pl.DataFrame, unchanged: np.ndarray, k: int, seed: int
) -> None:
    """Plain scikit-learn: transform and k-means refitted, labels as they come (n_init 1) or Hungarian-matched (10)."""
    for n_init in (1, 10):
        x, y = (PowerTransformer().fit_transform(f.drop("customer_id").to_numpy()) for f in (first, second))
        with kmeans.single_thread():
            old = KMeans(k, n_init=n_init, random_state=seed).fit_predict(x)
            same = KMeans(k, n_init=n_init, random_state=seed + 1_000).fit_predict(x)
            new = KMeans(k, n_init=n_init, random_state=seed + 1_000).fit_predict(y)
        if n_init > 1:
            same, new = (_hungarian(old, labels, k) for labels in (same, new))
            peers["ari10"].append(adjusted_rand_score(old, new))
        peers[f"same{n_init}"].append(float((old != same).mean()))
        peers[f"changed{n_init}"].append(float((old != new)[unchanged].mean()))


def _hungarian(old: np.ndarray, new: np.ndarray, k: int) -> np.ndarray:
    counts = np.zeros((k, k))
    np.add.at(counts, (new, old), 1)
    rows, columns = linear_sum_assignment(-counts)
    matched: np.ndarray = columns[np.argsort(rows)][new]
    return matched


def _churn_rows(population: str, ours: dict[str, list[float]], peers: dict[str, list[float]]) -> list[Row]:
    def both(values: list[float]) -> str:
        return f"{100 * np.mean(values):.2f} %, worst {100 * np.max(values):.2f} %"

    def ari(values: list[float]) -> str:
        return f"{np.mean(values):.3f}, worst {np.min(values):.3f}"

    def row(figure: str, *cells: str) -> Row:
        return (population, figure, *cells)

    weeks = len(ours["changed"])
    found = [
        row("churn, same data", both(ours["same"]), "", "", "0"),
        row("churn, same data, other seed", both(ours["same_seed"]), both(peers["same1"]), both(peers["same10"]), "0"),
        row(
            "churn of the unchanged, 5 % changed",
            both(ours["changed"]),
            both(peers["changed1"]),
            both(peers["changed10"]),
            "≤0.5 %, worst ≤2 %",
        ),
        row("ARI with the week before, unchanged customers", ari(ours["ari_unchanged"]), "", "", "≥0.98"),
        row("ARI with the week before, all customers", ari(ours["ari"]), "", ari(peers["ari10"]), "≥0.98"),
        row("weeks in which a refit was adopted", share(int(sum(ours["adopted"])), weeks), "", "", ""),
        row("weeks with a spurious transition", share(int(sum(ours["events"])), weeks), "", "", "≤1 %"),
    ]
    if ours["ari_truth"]:
        found.insert(5, row("ARI of the *true* segments with the week before", ari(ours["ari_truth"]), "", "", ""))
    return found


def _moved(before: pl.DataFrame, after: pl.DataFrame) -> np.ndarray:
    return (before["segment_key"] != after["segment_key"]).to_numpy()


def _transitions(before: pl.DataFrame, after: pl.DataFrame) -> tuple[Transition, ...]:
    pairs = before.select("customer_id", old="segment_key").join(after, on="customer_id", how="full")
    counts = pairs.group_by("old", "segment_key").len()
    return find_transitions({(old, new): count for old, new, count in counts.iter_rows()})


def fates(repetitions: int) -> list[Row]:
    """True transitions with 5 % of customers changed besides, number of segments not given."""
    rows: list[Row] = []
    total = 0
    for fate in FATES:
        right, seen = 0, Counter[str]()
        for seed in range(repetitions):
            panel = SegmentedPanel([5, FATES.index(fate), seed], k=4 + seed % 2, rows=ROWS)
            spec = ClusterSpec(panel.features, k_max=8, seed=seed, effort=EFFORT, wins_to_change_k=1)
            model = fit_champion(panel.frame(), spec)
            before, truth = assign_members(model, panel.frame()), panel.labels.copy()
            panel.change(CHANGED)
            concerned = panel.suffer(fate)
            outcome = refit_challenger(model, panel.frame(), spec, before, model.keys)
            after = assign_members(outcome.model, panel.frame(), before)
            told = [t for t in _transitions(before, after) if t.confirmed and t.kind != "survive"]
            side, labels = (after, panel.labels) if fate == "emerge" else (before, truth)
            expected = {side["segment_key"].filter(labels == label).mode().sort()[0] for label in concerned}
            named = {key for t in told for key in (t.children if fate == "emerge" else t.parents)}
            right += [t.kind for t in told] == [fate] and named == expected
            seen[" + ".join(t.kind for t in told) or "nothing"] += 1
        total += right
        rows.append((fate, share(right, repetitions), ", ".join(f"{kind} {n}" for kind, n in seen.most_common())))
    return [*rows, ("**all**", share(total, len(FATES) * repetitions), "")]
