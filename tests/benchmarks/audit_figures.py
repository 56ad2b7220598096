"""The audit: is each known mistake named, how often is one named that is not there, are its intervals and tests right.

Run from the repository: `PYTHONPATH=. python tests/benchmarks/audit_figures.py [--scale 1.0] [--output FILE]`. Prints a
Markdown page; `--scale` multiplies the repetitions. Not a pytest module.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from tasks.audit.facts import Finding
from tasks.audit.proportions import Memberships, detectable_lift, share_change
from tasks.audit.verdict import audit
from tasks.config.audit import FINDING_NAMES
from tests.benchmarks.audit_population import POLICY, facts
from tests.benchmarks.audit_worlds import MEASURED, PLANTED, SOUND
from tests.benchmarks.cluster_page import Row, markdown, share

PREFACE = """# Audit: are known mistakes named, and only those

Written by `tests/benchmarks/audit_figures.py`. Made data, 20,000 customers a segmentation: figures and judgement are
those of a run, reading of tables is left out. Thresholds are the defaults of `audit:`; none was set on these seeds. On
other seeds a segment of the middle was called indistinct in 1 % of sound segmentations; since then a narrower spread
counts as a difference, too.
"""
PLANTED_NOTE = """One mistake in an otherwise sound segmentation of 20,000 customers. *Named*: the finding is there, on the right
segment (a cut cloud: on one of the segments). *Also told*: findings that were not planted, of all seeds; some follow
from what was planted: a segment of 0.5 % is too small for a test, segments by lot are neither distinct nor homogeneous."""
MEASURED_NOTE = """How often a finding is raised on any segment as the mistake grows, or as it goes away. A threshold is a line: what lies
on it is told half of the time."""
SOUND_NOTE = """Segmentations of three to six segments of at least 10 % of 20,000 customers, in which nothing is wrong: KPIs of
neighbouring segments lie as far apart as is said, 60 % consented, 5 % moved since the previous run. Counts of seeds in
which a finding was raised at least once; findings that never were are not listed."""
INTERVAL_NOTE = """A segment whose true share is 10 % then and 11 % now; of its customers some leave and come. *Common*: share of the
customers of both dates who are the same. Covered: the 95 % interval holds the true change. *Width*: mean, in points."""
POWER_NOTE = """Tests of a segment halved at random, with a true lift as large as the card says a test can see. Target: 80 %.
Two-sided two-proportion test at 5 %, without continuity correction."""


def planted(scale: float) -> list[Row]:
    """Each mistake over seeds."""
    rows = []
    seeds = max(round(50 * scale), 2)
    for told, (make, name, segment) in PLANTED.items():
        hits, others = 0, Counter[str]()
        for seed in range(seeds):
            found = audit([facts(make(2000 + seed))], POLICY)
            hits += any(_is_it(finding, name, segment) for finding in found)
            others.update({finding.name for finding in found if finding.name != name})
        also = ", ".join(f"{other} {count}" for other, count in others.most_common()) or "nothing"
        rows.append((told, f"`{name}`", share(hits, seeds), also))
    return rows


def _is_it(finding: Finding, name: str, segment: int | None) -> bool:
    if finding.name != name:
        return False
    if segment is None:
        return finding.segment_id is None
    return segment < 0 or finding.segment_id == f"made.s{segment:02d}"


def measured(scale: float) -> list[Row]:
    """How often a finding is raised as its mistake grows."""
    seeds = max(round(30 * scale), 2)
    rows = []
    for name, (told, sizes, make) in MEASURED.items():
        raised = [
            sum(
                any(one.name == name for one in audit([facts(make(8000 + seed, size))], POLICY))
                for seed in range(seeds)
            )
            for size in sizes
        ]
        figures = "; ".join(f"{size:g}: {count}/{seeds}" for size, count in zip(sizes, raised, strict=True))
        rows.append((f"`{name}`", told, figures))
    return rows


def sound(scale: float) -> list[Row]:
    """False findings over seeds."""
    seeds = max(round(200 * scale), 2)
    counted: dict[str, Counter[str]] = {}
    for told, make in SOUND.items():
        counted[told] = Counter()
        for seed in range(seeds):
            names = {finding.name for finding in audit([facts(make(6000 + seed))], POLICY)}
            counted[told].update(names)
            counted[told]["any"] += bool(names)
    raised = [name for name in FINDING_NAMES if any(name in found for found in counted.values())]
    return [
        (f"`{name}`" if name != "any" else "**any**", *(share(found[name], seeds) for found in counted.values()))
        for name in [*raised, "any"]
    ]


def intervals(scale: float) -> list[Row]:
    """Coverage of the interval of a change of share."""
    repetitions = max(round(4000 * scale), 20)
    rows = []
    for customers in (200, 2_000, 20_000):
        for common in (1.0, 0.8, 0.3, 0.0):
            rng = np.random.default_rng(customers + int(100 * common))
            hits, widths = 0, 0.0
            for _ in range(repetitions):
                found = share_change(_panel(rng, customers, common))
                if found is not None:
                    hits += found.low <= 0.01 <= found.high
                    widths += found.high - found.low
            width = f"{100 * widths / repetitions:.2f}"
            rows.append((f"{customers:,}", f"{common:.0%}", f"{100 * hits / repetitions:.1f} %", width))
    return rows


def _panel(rng: np.random.Generator, customers: int, common: float) -> Memberships:
    """Of the common customers 80 % of those inside stay; the rest come in so that 11 % are inside."""
    both = round(customers * common)
    was = rng.random(both) < 0.10
    stays = np.where(was, rng.random(both) < 0.8, rng.random(both) < (0.11 - 0.08) / 0.9)
    then = int(was.sum()) + int(rng.binomial(customers - both, 0.10))
    now = int(stays.sum()) + int(rng.binomial(customers - both, 0.11))
    came, went = int((stays & ~was).sum()), int((was & ~stays).sum())
    return Memberships(customers, customers, both, then, now, came, went, int((was & stays).sum()))


def power(scale: float) -> list[Row]:
    """Power of a test at the lift that the card says it sees."""
    repetitions = max(round(20_000 * scale), 100)
    rows = []
    for size in (60, 200, 1_000, 5_000):
        for base in (0.01, 0.05, 0.3, 0.8):
            lift = detectable_lift(size, base)
            if lift is None:
                rows.append((f"{size:,}", f"{base:.0%}", "none", "-"))
                continue
            rng = np.random.default_rng(size)
            arm = size // 2
            control, treated = rng.binomial(arm, base, repetitions), rng.binomial(arm, base + lift, repetitions)
            pooled = (control + treated) / (2 * arm)
            error = np.sqrt(np.maximum(2 * pooled * (1 - pooled) / arm, 1e-12))
            seen = np.abs(treated - control) / arm / error > 1.959964
            rows.append((f"{size:,}", f"{base:.0%}", f"{100 * lift:.1f}", f"{100 * seen.mean():.1f} %"))
    return rows


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    sections = [
        ("Mistakes that were planted", PLANTED_NOTE, ("planted", "finding", "named", "also told"), planted),
        ("How large a mistake must be", MEASURED_NOTE, ("finding", "made", "raised"), measured),
        ("Sound segmentations", SOUND_NOTE, ("finding", *SOUND), sound),
        ("Intervals of a change of share", INTERVAL_NOTE, ("customers", "common", "covered", "width"), intervals),
        ("The smallest lift that a test sees", POWER_NOTE, ("customers", "base rate", "lift, points", "power"), power),
    ]
    parts = [PREFACE]
    for title, note, header, rows in sections:
        parts.append(markdown(title, note, header, rows(options.scale)))
        sys.stderr.write(f"{title}\n")
    page = "\n".join(parts)
    if options.output:
        options.output.write_text(page, encoding="utf-8")
    else:
        sys.stdout.write(page)


if __name__ == "__main__":
    main()
