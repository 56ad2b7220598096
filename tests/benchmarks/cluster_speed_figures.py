"""A million customers with 20 features: fit, assignment and stability check, beside bare scikit-learn on the same sample.

Used by `cluster_figures.py`, which calls this file as a program once for each row, so that peak memory is of one thing.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np
from sklearn.cluster import HDBSCAN, KMeans, MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import PowerTransformer

from tasks.segments.algorithms import in_groups
from tasks.segments.cluster import ClusterSpec
from tasks.segments.cluster_model import assign_members, fit_champion
from tasks.segments.kmeans import single_thread
from tasks.segments.matrix import sample_rows
from tasks.segments.quality import partition_quality
from tasks.segments.transform import apply
from tests.benchmarks.cluster_page import Row
from tests.benchmarks.cluster_population import Measure, feature_names, mixture, table

ROWS = 1_000_000
K = 6
_FEATURES = 10
_SAMPLE = 100_000
_DENSITY_SAMPLE = 10_000
OURS = ("kmeans", "minibatch", "gaussian", "hdbscan")
PEERS = ("bare KMeans", "bare MiniBatchKMeans", "bare GaussianMixture", "bare HDBSCAN")


def million() -> list[Row]:
    """A row for each algorithm and each peer, each measured in a process of its own."""
    rows: list[Row] = []
    for what in ("nothing", *OURS, *PEERS):
        program = [sys.executable, "-m", "tests.benchmarks.cluster_speed_figures", what]
        done = subprocess.run(program, capture_output=True, text=True, check=True)
        rows.append(tuple(done.stdout.strip("\n").split(" | ")))
        print(done.stdout, file=sys.stderr, flush=True)  # noqa: T201 - progress
    return rows


def made() -> tuple[np.ndarray, np.ndarray]:
    """Raw features, half of which tell segments apart and are followed by as many that do not; true segments."""
    rng = np.random.default_rng(9)
    latent, truth = mixture(rng, K, _FEATURES, ROWS, 5.0)
    latent = np.hstack([latent, rng.normal(size=(ROWS, _FEATURES))])
    return Measure.draw(rng, 2 * _FEATURES)(latent), truth


def measure(what: str) -> Row:
    """One row of the page."""
    raw, truth = made()
    if what in PEERS:
        return (what, *_bare(what, raw, truth))
    frame = table(raw)
    names = feature_names(raw)
    del raw
    if what == "nothing":
        return (what, "", "", "", _peak(), "")
    spec = ClusterSpec(names, algorithm=what)  # type: ignore[arg-type] - one of the literals
    marks = [time.process_time()]
    model = fit_champion(frame, spec)
    marks.append(time.process_time())
    members = assign_members(model, frame)
    marks.append(time.process_time())
    peak = _peak()
    keys = members["segment_key"].to_numpy()
    x = apply(model.transform, frame)
    labels = np.searchsorted(np.array(model.keys), keys)
    marks.append(time.process_time())
    groups = model.partition.k - model.partition.has_noise
    partition_quality(
        x,
        labels,
        model.partition.k,
        spec.effort,
        seed=0,
        method=spec.method(),
        groups=groups,
        in_groups=in_groups(x[:_SAMPLE], model.partition),
    )
    marks.append(time.process_time())
    seconds = np.diff(marks)
    ari = adjusted_rand_score(truth, labels)
    return (what, _s(seconds[0]), _s(seconds[1]), _s(seconds[3]), peak, f"{groups} ; {ari:.2f}")


def _bare(what: str, raw: np.ndarray, truth: np.ndarray) -> Row:
    """Power transform and fit on the sample, prediction of everybody; HDBSCAN cannot predict."""
    with single_thread():
        begun = time.process_time()
        size = _DENSITY_SAMPLE if what == "bare HDBSCAN" else _SAMPLE
        picked = sample_rows(ROWS, size, 0)
        power = PowerTransformer().fit(raw[picked])
        sample = power.transform(raw[picked])
        if what == "bare HDBSCAN":
            labels = HDBSCAN(min_cluster_size=200, min_samples=10, copy=True).fit_predict(sample)
            fitted = time.process_time()
            ari = adjusted_rand_score(truth[picked], labels)
            return (_s(fitted - begun), "cannot", "", _peak(), f"{labels.max() + 1} ; {ari:.2f}, sample")
        model = {
            "bare KMeans": KMeans(K, n_init=10, random_state=0),
            "bare MiniBatchKMeans": MiniBatchKMeans(K, n_init=10, random_state=0),
            "bare GaussianMixture": GaussianMixture(K, random_state=0),
        }[what].fit(sample)
        fitted = time.process_time()
        labels = model.predict(power.transform(raw))
        done = time.process_time()
    ari = adjusted_rand_score(truth, labels)
    return (_s(fitted - begun), _s(done - fitted), "", _peak(), f"{K} given ; {ari:.2f}")


def _s(seconds: float) -> str:
    return f"{seconds:.1f} s"


def _peak() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2:.2f} GiB"


if __name__ == "__main__":
    print(" | ".join(measure(sys.argv[1])))  # noqa: T201
