"""Predictions: chances and amounts beside what came, on real customers and on customers whose truth is known.

Run from the repository: `PYTHONPATH=. python tests/benchmarks/predict_figures.py [--scale 1.0] [--output FILE]`. Prints a
Markdown page; `--scale` multiplies repetitions and the size of the company whose cost is measured. Public sets come from
RESEGMENT_TEST_DATA (default ../shared/data) and are left out where absent. Not a pytest module.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tasks.config.loading import load_workspace
from tasks.config.predictions import Prediction
from tasks.ingest.staging import build_staging
from tasks.predict.bg_nbd import fit_bg_nbd
from tasks.predict.forecast import Forecast, Shared, foretell
from tasks.predict.gamma_gamma import GammaGamma, fit_gamma_gamma
from tasks.predict.snapshots import order_days
from tasks.warehouse.run import Run, open_run
from tests.benchmarks.cluster_page import Row, markdown
from tests.sql.cases import create_raw
from tests.staged import ingest_and_stage
from tests.unit.predict.made_orders import histories

REPOSITORY = Path(__file__).resolve().parents[2]
PREFACE = """# Predictions: what was foretold, and what came

Written by `tests/benchmarks/predict_figures.py`; how predictions are made and tested: [predict.md](how-to/predict.md).
*Boosting* is scikit-learn's gradient boosting on snapshots of the past; *bg_nbd* is BG/NBD, for amounts with
gamma-gamma, fitted on the histories of the day before the tested period; *as_before*: the share lost of those who had
ordered in the days before and of those who had not, and for amounts what was spent in as many days before. The settings
of boosting and BG/NBD were fixed before any of these periods was looked at. The window in which customers have been
quiet, of *as_before*, was made shorter for short histories after a first look: at the cut-offs of Online Retail nobody
had been quiet for 92 days.
"""
CHURN_HEADER = ("model", "Brier", "AUC", "slope", "intercept", "lift of the top tenth", "foretold", "came")
SPEND_HEADER = ("model", "mean error", "error of the total", "Poisson deviance", "RMSLE", "lift of the top tenth")
PARAMETERS = {
    "like CDNOW: 2,357 customers, 39 weeks": (2_357, 273.0, (0.243, 4.414 * 7, 0.793, 2.426)),
    "frequent: 2,000 customers, 26 weeks": (2_000, 182.0, (1.5, 20.0, 0.4, 3.0)),
}
_MADE = """
INSERT INTO raw.order_lines BY NAME
SELECT 'o' || customer || '-' || number AS order_id, '1' AS line_id, 'c' || customer AS customer_id,
    TIMESTAMP '2024-01-01 09:00:00' + to_days(CAST((hash(customer, 'first') % 300 + number * (7 + hash(customer) % 60)
    + hash(customer, number) % 7) AS INTEGER)) AS ordered_at, 'p' AS product_id, 'k' || hash(number, customer) % 9
    AS category_name, 1 AS quantity, 5 + hash(customer, number, 'price') % 90 AS unit_price_amount, 'web' AS channel_name,
    'orders' AS source_name, 1 AS load_no, row_number() OVER () AS row_number
FROM range({customers}) AS c (customer), range(20) AS n (number)
WHERE hash(customer, number, 'kept') % 10 > 1
"""


@contextmanager
def staged(example: str, as_of: dt.date) -> Iterator[Run]:
    """A run of an example with staging built, in a folder that is gone after it."""
    space = load_workspace(REPOSITORY / "examples" / example)
    with (
        tempfile.TemporaryDirectory(prefix="predict-figures-") as folder,
        open_run(space, as_of=as_of, known_as_of=None, output=Path(folder)) as run,
    ):
        ingest_and_stage(run)
        yield run


def real(example: str, as_of: dt.date, churn_days: int, spend_days: int, name: str) -> list[str]:
    """The sections of one real set."""
    with staged(example, as_of) as run, order_days(run):
        churn = foretell(run, "churn", Prediction(kind="churn", horizon_days=churn_days))
        spend = foretell(run, "spend", Prediction(kind="spend", horizon_days=spend_days))
    return [
        markdown(f"{name}: churn", _periods(churn), CHURN_HEADER, _scores(churn)),
        *_bins(churn),
        markdown(f"{name}: spend", _periods(spend), SPEND_HEADER, _scores(spend)),
        *_bins(spend),
    ]


def _periods(forecast: Forecast) -> str:
    facts = forecast.evidence.prediction
    return (
        f"Learnt from {facts['train_row_count']:,} customers × days at {facts['train_cut_off_count']} cut-offs from"
        f" {facts['train_from_date']}, with what came until {facts['train_until_date']}; tested on"
        f" {facts['test_customer_count']:,} customers, of whom {facts['test_ordered_count']:,} ordered from"
        f" {facts['test_from_date']} to {facts['test_until_date']}. Used: **{facts['model_name']}**"
        f" ({facts['decision']})."
    )


def _scores(forecast: Forecast) -> list[Row]:
    rows: list[Row] = []
    for row in forecast.evidence.scores:
        if "brier_score" in row:
            figures = (row["brier_score"], row["auc"], row["calibration_slope"], row["calibration_intercept"])
            said = (f"{figures[0]:.4f}", *(_figure(value, 3) for value in figures[1:]))
            ends = (_figure(row["top_decile_lift"], 2), _percent(row["mean_foretold_value"]))
            rows.append((row["model_name"], *said, *ends, _percent(row["mean_observed_value"])))
        else:
            rows.append(
                (
                    row["model_name"],
                    f"{row['mean_error_amount']:,.2f}",
                    f"{100 * row['total_error_share']:+.1f} %",
                    f"{row['poisson_deviance']:.4f}",
                    f"{row['rmsle']:.3f}",
                    _figure(row["top_decile_lift"], 2),
                )
            )
    return rows


def _bins(forecast: Forecast) -> list[str]:
    """Foretold and what came by groups, of each model that has any."""
    is_share = forecast.evidence.prediction["kind_name"] == "churn"
    said = _percent if is_share else (lambda value: f"{value:,.0f}")
    by_model: dict[str, list[str]] = {}
    for row in forecast.evidence.calibration:
        text = f"{said(row['foretold_value'])} → {said(row['observed_value'])} ({row['customer_count']})"
        by_model.setdefault(row["model_name"], []).append(text)
    longest = max(map(len, by_model.values()))
    rows = [(name, *texts, *([""] * (longest - len(texts)))) for name, texts in by_model.items()]
    lines = [f"| {' | '.join(('model', *map(str, range(1, longest + 1))))} |", "|" + "---|" * (longest + 1)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return ["Foretold → came (customers), by groups of about a tenth:\n\n" + "\n".join(lines) + "\n"]


def recovery(seeds: int) -> list[Row]:
    """BG/NBD and gamma-gamma on customers who are what these models say."""
    rows: list[Row] = []
    for name, (customers, days, truth) in PARAMETERS.items():
        found, ratios = [], []
        for seed in range(seeds):
            history, later = histories(seed, customers, days, truth)
            model = fit_bg_nbd(history)
            found.append((model.r, model.alpha, model.a, model.b))
            ratios.append(model.expected_orders(history, days).sum() / later.sum())
        for label, values, true in zip(("r", "alpha (days)", "a", "b"), np.transpose(found), truth, strict=True):
            rows.append(_recovered(f"{name}: {label}", values, true))
        rows.append(_recovered(f"{name}: orders foretold ÷ that came", np.array(ratios), 1.0))
    truth_money = GammaGamma(4.0, 3.5, 25.0)
    amounts = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        scales, count = rng.gamma(truth_money.q, 1 / truth_money.gamma, 2_000), rng.geometric(0.4, 2_000).astype(float)
        fitted = fit_gamma_gamma(count, rng.gamma(truth_money.p * count, 1 / scales) / count)
        amounts.append((fitted.p, fitted.q, fitted.gamma))
    for label, values, true in zip(("p", "q", "gamma"), np.transpose(amounts), (4.0, 3.5, 25.0), strict=True):
        rows.append(_recovered(f"gamma-gamma, 2,000 customers: {label}", values, true))
    return rows


def _recovered(name: str, values: np.ndarray, truth: float) -> Row:
    inside = int(np.sum(np.abs(values / truth - 1) <= 0.25))
    return name, f"{truth:.3g}", f"{values.mean():.3g}", f"{values.std(ddof=1):.2g}", f"{inside}/{len(values)}"


def costs(customers: int) -> list[Row]:
    """Processor seconds, because the machine is shared, and peak memory of one churn and one spend prediction of a made-up company."""
    space = load_workspace(REPOSITORY / "examples" / "retail")
    as_of = dt.date(2025, 12, 31)
    with (
        tempfile.TemporaryDirectory(prefix="predict-figures-") as folder,
        open_run(space, as_of=as_of, known_as_of=None, output=Path(folder)) as run,
    ):
        run.identify()
        create_raw(run.warehouse)
        lines = run.warehouse.execute(_MADE.format(customers=customers))
        build_staging(run)
        marks = [time.process_time()]
        with order_days(run):
            marks.append(time.process_time())
            shared: Shared = {}
            for kind in ("churn", "spend"):
                forecast = foretell(run, kind, Prediction(kind=kind), shared)
                assert forecast.values is not None, forecast.said
                marks.append(time.process_time())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    seconds = tuple(f"{value:.0f} s" for value in np.diff(marks))
    return [(f"{customers:,}", f"{lines:,}", *seconds, f"{peak:.1f} GB")]


def _figure(value: float | None, places: int) -> str:
    return "–" if value is None else f"{value:.{places}f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def page(scale: float) -> str:
    """All sections; progress goes to stderr."""
    data = Path(os.environ.setdefault("RESEGMENT_TEST_DATA", str(REPOSITORY.parent / "shared" / "data")))
    written = [PREFACE]
    seeds = max(2, round(20 * scale))
    sets = {
        "online_retail": ("retail", dt.date(2011, 8, 31), 92, 92, "Online Retail, June to August 2011"),
        "completejourney": ("grocery", dt.date(2017, 12, 31), 30, 90, "The Complete Journey, end of 2017"),
    }
    for folder, arguments in sets.items():
        if (data / folder).is_dir():
            started = time.perf_counter()
            written += real(*arguments)
            print(f"{folder}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)  # noqa: T201
    note = f"{seeds} populations each; the last column counts estimates within 25 % of the truth."
    header = ("population and parameter", "truth", "mean of estimates", "standard deviation", "within 25 %")
    written.append(markdown("Parameters found again", note, header, recovery(seeds)))
    note = "Processor seconds of all threads. 15 snapshots that both predictions read, of up to 8,333 customers each; all are foretold of."
    header = ("customers", "order lines", "orders by day", "churn", "spend", "peak memory of all of this page")
    written.append(markdown("Cost", note, header, costs(round(200_000 * scale))))
    return "\n".join(written)


def main() -> None:
    """Print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    text = page(options.scale)
    print(text)  # noqa: T201
    if options.output:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
