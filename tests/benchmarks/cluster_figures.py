"""Clusters: does the number come out right, do labels stay, are transitions named right, beside usual methods.

Run from the repository: `PYTHONPATH=. python tests/benchmarks/cluster_figures.py [--scale 1.0] [--sections known public] [--output FILE]`.
Prints a Markdown page; `--scale` multiplies the repetitions; sections that are not measured are taken from the file. Public sets come from RESEGMENT_TEST_DATA (default
../shared/data) and are left out where absent. Not a pytest module.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasks.segments import choose_k as chooser
from tasks.segments import kmeans
from tasks.segments.cluster_model import ClusterSpec
from tasks.segments.transform import apply, fit_transform_model
from tests.benchmarks.cluster_algorithm_figures import OURS, PEERS, demo_truth, public_sets
from tests.benchmarks.cluster_churn_figures import churn, fates
from tests.benchmarks.cluster_k_figures import known_k, no_structure
from tests.benchmarks.cluster_lived_figures import lived
from tests.benchmarks.cluster_page import Row, markdown
from tests.benchmarks.cluster_population import Measure, feature_names, mixture, table
from tests.benchmarks.cluster_rare_figures import rare
from tests.benchmarks.cluster_speed_figures import million

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
            "cuts along it. *This* leaves out what is independent of every other feature and has one peak\n"
            "(`tasks/segments/relevance.py`), *all features* and the peers do not. The thresholds of that screen were set on\n"
            "other seeds (71), but on these families: noise that depends weakly on other features is not screened out."
        ),
        ("family", "this", "all features", "design rule", "prediction strength", "target met"),
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
    "rare": (
        "Customers who order rarely",
        (
            "1,500 customers of no types, or of three that differ in six habits of their orders and in what they spend;\n"
            "features are the shares of orders with each habit, most of them 0 or 1, and the mean amount. Right number ; called\n"
            "natural ; mean adjusted Rand index with the types. *Ties as gaps*: without `tasks/segments/ties.py`; the two or\n"
            "three values of a share are the widest gaps there are."
        ),
        ("types", "mean orders", "this", "ties as gaps"),
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
    "lived": (
        "The same, as runs would live it",
        (
            "The fate comes about within four weeks, with a run each week and a refit every four, of which two must choose a new\n"
            "number of segments; 2 % of the customers start over each week, and all is over after twelve. *Influx*: the new group\n"
            "is of customers who come. Right: this one event in all those runs, with the right segments. *Called as before*: at\n"
            "least 90 % of those who are what they were at first, of every true segment, are in the segment of that id. *By the\n"
            "run before*: customers of clusters on new ground are not traced back (`tasks/segments/new_ground.py`)."
        ),
        (
            *("fate", "named right", "called as before", "what was told"),
            *(
                "named right, by the run before",
                "called as before, by the run before",
                "what was told, by the run before",
            ),
        ),
    ),
    "public": (
        "Labelled public sets",
        (
            "`clustering_benchmark`, standardised; number of segments ; adjusted Rand index with the truth. Largest k tried\n"
            "√(n/2), least share 0.5 %. Of our algorithms all but hdbscan share the choice of k; hdbscan puts who belongs to no\n"
            "group into a segment that counts in ARI, not in k. *Plain*: scikit-learn; k-means with the k of the best\n"
            "silhouette (2,000 points, n_init 3), HDBSCAN as it comes. Target: exact ≥52 %, stretch 60 %."
        ),
        ("set", "true k", *OURS, *PEERS, "k by prediction strength"),
    ),
    "demo": (
        "The demo's true segments, k not given",
        (
            "3,000 customers of the demo company, seeds 1 to 3; number of segments (least–most) ; mean adjusted Rand index\n"
            "(least–most). Peers: scikit-learn on standardised features, k of the best silhouette up to 8. `buying` asks how\n"
            "much a customer buys, the true segments are also how he does."
        ),
        ("features", *OURS, *PEERS),
    ),
    "million": (
        "A million customers, 20 features",
        (
            "Six segments in 10 of 20 lognormal features. Processor seconds on one thread and peak memory of the process, one\n"
            "process a row, one after the other; the table of customers alone is *nothing*. *Fit* is with the choice of k (2 to\n"
            "8, default effort) except for the peers, who are given k = 6 and the same sample of 100,000 (HDBSCAN: 10,000) as\n"
            "the fit sees; *stability* scores a partition as refits are judged: 15 resamples of 3,000 customers."
        ),
        ("what", "fit", "assignment", "stability", "peak memory", "k ; ARI"),
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


def page(scale: float, wanted: Sequence[str], before: str) -> str:
    """The sections that are wanted, measured; the others as they stand in `before`. Progress goes to stderr."""
    data = Path(os.environ.get("RESEGMENT_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    sections = {
        "known": lambda: known_k(max(1, round(10 * scale))),
        "clouds": lambda: no_structure(max(1, round(9 * scale))),
        "rare": lambda: rare(max(1, round(10 * scale))),
        "churn": lambda: churn(max(1, round(12 * scale))),
        "fates": lambda: fates(max(1, round(12 * scale))),
        "lived": lambda: lived(max(1, round(20 * scale))),
        "public": lambda: public_sets(data),
        "demo": lambda: demo_truth(max(1, round(3 * scale))),
        "million": million,
        "costs": costs,
    }
    found: dict[str, list[Row]] = {}
    for name, make in sections.items():
        if name not in wanted:
            continue
        started = time.perf_counter()
        found[name] = make()
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)  # noqa: T201
    standing = {text.partition("\n")[0]: f"## {text.rstrip()}\n" for text in before.split("\n## ")[1:]}
    written = []
    for name, (title, note, header) in SECTIONS.items():
        if found.get(name):
            written.append(markdown(title, note, header, found[name]))
        elif title in standing:
            written.append(standing[title])
    return "\n".join([PREFACE, *written])


def main() -> None:
    """Print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--sections", nargs="*", default=list(SECTIONS), choices=list(SECTIONS))
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    is_there = options.output and options.output.exists()
    text = page(options.scale, options.sections, options.output.read_text(encoding="utf-8") if is_there else "")
    print(text)  # noqa: T201
    if options.output:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
