"""Clusters: does the number come out right, do labels stay, are transitions named right, beside usual methods.

Run from the repository: `PYTHONPATH=. python tests/benchmarks/cluster_figures.py [--scale 1.0] [--transformed] [--output FILE]`.
Prints a Markdown page; `--scale` multiplies the repetitions. Public sets come from RESEGMENT_TEST_DATA (default
../shared/data) and are left out where absent. Not a pytest module.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

from tasks.segments import choose_k as chooser
from tasks.segments import kmeans
from tasks.segments.cluster_model import ClusterSpec
from tasks.segments.transform import apply, fit_transform_model
from tests.benchmarks.cluster_churn_figures import churn, fates
from tests.benchmarks.cluster_k_figures import known_k, no_structure, public_sets
from tests.benchmarks.cluster_page import Row, markdown
from tests.benchmarks.cluster_population import Measure, feature_names, mixture, table

Section = tuple[str, str, Row]

PREFACE = """# Clusters: is the number right, do labels stay, are changes named right

Written by `tests/benchmarks/cluster_figures.py`. Counts of repetitions; the seeds are other ones than those the
thresholds were set on.
"""


SECTIONS: dict[str, Section] = {
    "known": (
        "Known number of segments behind lognormal measures",
        (
            "Exact ; within one. k = 2 to 8, 4 to 8 features, 2,000 to 20,000 customers, nearest centres 4 to 6 standard\n"
            "deviations apart, half of the sets with a feature in whole numbers. `unequal`: shares from 5 %; `correlated`: a\n"
            "common factor within segments; `spread`: scatter from 0.6 to 1.3; `noise`: three features that tell nothing;\n"
            "`all`: all of these. *Design rule*: gate, prediction strength, shares and Jaccard as in the design page, without\n"
            "separation. *Prediction strength*: the largest k at 0.8 or more. Target: exact ≥85 %, within one ≥95 %. Features\n"
            "that tell nothing hide the segments: each has as much variance as a feature that tells them apart, and k-means\n"
            "cuts along it; at the true k its best partition is then not the true one, whatever the criterion."
        ),
        ("family", "this", "design rule", "prediction strength", "target met"),
    ),
    "clouds": (
        "No structure",
        (
            "Clouds without segments at 500, 2,000 and 20,000 customers. *Called natural* must not happen. k = 1 is answered\n"
            "with `accept: natural`; by default a long cloud may be cut, where the cut is the same every time, and the reader is\n"
            "told that it is one continuous cloud. Target: k = 1 ≥95 %."
        ),
        ("cloud", "called natural", "k = 1 with `natural`", "k = 1 by default", "k = 1 by prediction strength"),
    ),
    "churn": (
        "Labels over time, where nothing happened",
        (
            "3,000 customers, refitted weekly for four weeks, 5 % of them starting over each week; k from 2 to 7. *Other seed*\n"
            "is a stress: a segmentation has one seed. Peers: scikit-learn, transform and k-means refitted once with the\n"
            "champion's k and another seed. With 5 % starting over, no method can reach an ARI of 0.98 over *all* customers:\n"
            "the true segments themselves do not."
        ),
        ("population", "figure", "this", "refit, n_init 1", "refit, n_init 10, Hungarian", "target"),
    ),
    "fates": (
        "Transitions that did happen, k not given",
        (
            "Four or five segments 5 standard deviations apart, one of which has a fate while 5 % of all customers change at\n"
            "random. Right: this one confirmed event and no other, with the right segments. Target: ≥95 %."
        ),
        ("fate", "named right", "what was told"),
    ),
    "public": (
        "Labelled public sets",
        (
            "`clustering_benchmark`, standardised; largest k tried √(n/2), least share 0.5 %. *Power-transformed*\n"
            "(with `--transformed`): the same after a power transform, as the pipeline does to customers. Target: exact ≥52 %, stretch 60 %."
        ),
        ("set", "true k", "this", "prediction strength", "this, power-transformed"),
    ),
    "costs": (
        "Cost",
        "Processor seconds on one thread, 8 features, k = 2 to 8, default effort.",
        ("customers", "transform", "choice of k", "fit", "assignment"),
    ),
}


def costs() -> list[Row]:
    """Processor seconds, because the machine is shared."""
    rng = np.random.default_rng(9)
    rows: list[Row] = []
    for size in (50_000, 1_000_000):
        latent, _ = mixture(rng, 5, 8, size, 5.0)
        raw = Measure.draw(rng, 8)(latent)
        frame = table(raw)
        spec = ClusterSpec(feature_names(raw))
        marks = [time.process_time()]
        transform = fit_transform_model(frame, spec.features)
        x = apply(transform, frame)
        marks.append(time.process_time())
        choice = chooser.choose_k(x, spec.policy(), seed=0)
        marks.append(time.process_time())
        fitted = kmeans.fit_sampled(x, choice.k, seed=0)
        marks.append(time.process_time())
        kmeans.assign(x, fitted.centroids)
        marks.append(time.process_time())
        rows.append((f"{size:,}", *(f"{seconds:.1f} s" for seconds in np.diff(marks))))
    return rows


def page(scale: float, *, transformed: bool) -> str:
    """All sections; progress goes to stderr."""
    data = Path(os.environ.get("RESEGMENT_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    sections = {
        "known": lambda: known_k(max(1, round(10 * scale))),
        "clouds": lambda: no_structure(max(1, round(9 * scale))),
        "churn": lambda: churn(max(1, round(12 * scale))),
        "fates": lambda: fates(max(1, round(12 * scale))),
        "public": lambda: public_sets(data, transformed=transformed),
        "costs": costs,
    }
    found: dict[str, list[Row]] = {}
    for name, make in sections.items():
        started = time.perf_counter()
        found[name] = make()
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)  # noqa: T201
    written = []
    for name, rows in found.items():
        title, note, header = SECTIONS[name]
        if rows:
            written.append(markdown(title, note, header[: len(rows[0])], rows))
    return "\n".join([PREFACE, *written])


def main() -> None:
    """Print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--transformed", action="store_true", help="public sets also after a power transform")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    text = page(options.scale, transformed=options.transformed)
    print(text)  # noqa: T201
    if options.output:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
