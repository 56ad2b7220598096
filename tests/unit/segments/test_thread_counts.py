"""One thread or two: the model and the memberships are the same to the last byte."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import hashlib, json
import numpy as np
from tasks.segments import kmeans
from tasks.segments.k_policy import KPolicy
from tasks.segments.cluster_model import ClusterSpec, assign_members, fit_champion, refit_challenger
from tests.benchmarks.cluster_population import cloud, feature_names, table

raw = cloud(np.random.default_rng(5), "one factor", 5_000, 8)
frame = table(raw)
effort = KPolicy(sample_rows=2_000, splits=2, resamples=2, gap_references=1)
spec = ClusterSpec(feature_names(raw), k_min=2, k_max=4, effort=effort)
model = fit_champion(frame, spec)
outcome = refit_challenger(model, frame.with_columns(frame["f0"] * 1.5), spec, None, model.keys)
said = json.dumps([model.to_json(), outcome.model.to_json(), outcome.reason, outcome.verdict.improvement])
# Before any rounding: this is what differs between one thread and two when the limit is taken away.
with kmeans.single_thread():
    x = np.random.default_rng(0).normal(size=(50_000, 8))
    centroids, inertia = kmeans._lloyd(x, "k-means++", k=6, seed=1, n_init=1, tol=1e-4)
digest = hashlib.sha256((said + assign_members(model, frame).write_csv() + repr(inertia)).encode())
digest.update(centroids.tobytes())
print(digest.hexdigest())
"""


def digest(threads: str) -> str:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
    environment = os.environ | dict.fromkeys(names, threads)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    single = digest("1")
    assert len(single) == 64
    assert digest("2") == single
