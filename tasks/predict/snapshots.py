"""Snapshots: what was known of every customer at the end of a past day, and what he did after it.

Owns: rendering `sql/predict`, shielded like features are, and reading snapshots into frames. Does not own what is in a
snapshot (the SQL) or which days are looked at (`plan.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasks.config.predictions import Prediction
from tasks.config.shipped import shipped
from tasks.predict.plan import Plan
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.models import SqlModel, read_model
from tasks.warehouse.privacy import masks, privacy_of, refuse_protected, unseen_reads
from tasks.warehouse.redirect import redirected
from tasks.warehouse.run import Run

if TYPE_CHECKING:
    import polars as pl

#: Made once a run from `staging`; every snapshot reads them, and nothing else.
_TABLES = ("order_day", "category_day")
#: Columns that grow with history by themselves: a tree that learnt from a short history would misread a long one.
_CUMULATIVE = frozenset({"order_count", "net_amount", "order_day_count"})
#: A window that reaches further back than twice the shortest history says what the one before it says.
_MOST_STRETCH = 2
#: Customers whose histories BG/NBD and gamma-gamma are fitted on: seven parameters ask for no more.
COHORT_ROWS = 10_000


@contextmanager
def order_days(run: Run) -> Iterator[list[str]]:
    """The temporary tables that snapshots read; what they must not see of `staging` is NULL in them.

    Yields:
        A sentence for each column that is protected, and would have told something.
    """
    privacy = privacy_of(run)
    unseen: dict[tuple[str, str], None] = {}
    try:
        for name in _TABLES:
            model = _model(name, {})
            refuse_protected(privacy, model)
            unseen |= dict.fromkeys(unseen_reads(privacy, model))
            with redirected(run.warehouse, model, masks(run, model, privacy)) as shielded:
                run.warehouse.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {shielded.sql}")
        yield [
            f"predictions are computed without {'.'.join(column)}: it is {privacy.class_of(column)} and does not leave"
            " staging"
            for column in unseen
        ]
    finally:
        for name in _TABLES:
            run.warehouse.execute(f"DROP TABLE IF EXISTS temp.{name}")


def first_order_date(run: Run) -> dt.date | None:
    """The day of the first order of anybody; None: there is none."""
    found: dt.date | None = run.warehouse.value("SELECT min(order_date) FROM order_day WHERE purchase_line_count > 0")
    return found


def windows_of(run: Run, prediction: Prediction) -> list[int]:
    """Look-back windows of a prediction's snapshots: those of the workspace, and multiples of its horizon."""
    days = prediction.days
    return sorted({*run.workspace.features.windows, _short_window(days), days, 2 * days})


def quiet_days_of(prediction: Prediction, plan: Plan) -> int:
    """The window in which customers have ordered before, or have been quiet: the horizon where histories hold more.

    At a cut-off with no more history than a horizon, nobody would have been quiet for one.
    """
    days, short = prediction.days, _short_window(prediction.days)
    return days if plan.shortest_history_days >= days + short else short


def _short_window(days: int) -> int:
    return max(days // 3, 7)


def snapshot_model(run: Run, prediction: Prediction, cut_off: dt.date) -> SqlModel:
    """The SELECT of what was known at the end of a day, with its columns."""
    values = {
        "cut_off": literal(cut_off),
        "windows": windows_of(run, prediction),
        "before_days": prediction.days,
        "reach_days": prediction.days,
    }
    return _model("snapshot", values)


def input_names(run: Run, prediction: Prediction, plan: Plan) -> list[str]:
    """The columns of a snapshot that a model may learn from."""
    too_long = {
        f"{kind}_{days}d_{what}"
        for days in windows_of(run, prediction)
        if days > _MOST_STRETCH * plan.shortest_history_days
        for kind, what in (("order", "count"), ("net", "amount"))
    }
    columns = snapshot_model(run, prediction, plan.as_of).columns
    return [item.name for item in columns if item.name not in _CUMULATIVE | too_long and item.kind != "id"]


def read_snapshot(run: Run, prediction: Prediction, plan: Plan, cut_off: dt.date, limit: int | None) -> pl.DataFrame:
    """The population at the end of a day, by customer: its columns as numbers, and what it did where that is over.

    Counts and amounts of windows that reach back before the first order of anybody are scaled up to the whole window,
    so that they mean the same at every cut-off.

    Args:
        run: the run, within `order_days`.
        prediction: whose snapshot it is.
        plan: its days.
        cut_off: the last day that is known.
        limit: most customers; more are sampled by a hash of their ids, the seed and the day. None: all.

    Returns:
        customer_id, the columns of the snapshot, and before the as-of day `has_ordered` and `outcome_amount`: whether
        and for how much he ordered in the test's or the horizon's days after it.
    """
    model = snapshot_model(run, prediction, cut_off)
    columns = ", ".join(
        f"CAST({identifier(item.name)} AS DOUBLE) * {_stretch(item.name, plan, cut_off)} AS {identifier(item.name)}"
        for item in model.columns[1:]
    )
    outcome, joined = "", ""
    if cut_off < plan.as_of:
        until = cut_off + dt.timedelta(days=plan.test_days)
        rendered = _model("outcome", {"cut_off": literal(cut_off), "until": literal(until)})
        outcome = (
            ", coalesce(after.order_count, 0) > 0 AS has_ordered,"
            " CAST(coalesce(after.net_amount, 0) AS DOUBLE) AS outcome_amount"
        )
        joined = f" LEFT JOIN (\n{rendered.sql}\n) AS after USING ({KEY})"
    among = f"SELECT * FROM (\n{model.sql}\n) WHERE ({prediction.population}){_sampled(prediction, cut_off, limit)}"
    chosen = columns.replace('CAST("', 'CAST(seen."')
    return run.warehouse.frame(
        f"SELECT seen.{KEY}, {chosen}{outcome} FROM (\n{among}\n) AS seen{joined} ORDER BY seen.{KEY}"
    )


def read_cohort(run: Run, prediction: Prediction, cut_off: dt.date) -> pl.DataFrame:
    """Everybody who had bought by the end of a day, or a sample: what BG/NBD and gamma-gamma know of him."""
    model = snapshot_model(run, prediction, cut_off)
    return run.warehouse.frame(
        "SELECT CAST(order_day_count AS DOUBLE) AS order_day_count, CAST(recency_days AS DOUBLE) AS recency_days,"
        f" CAST(tenure_days AS DOUBLE) AS tenure_days, CAST(net_amount AS DOUBLE) AS net_amount FROM (\n{model.sql}\n)"
        f" WHERE order_count > 0{_sampled(prediction, cut_off, COHORT_ROWS)} ORDER BY {KEY}"
    )


def _sampled(prediction: Prediction, cut_off: dt.date, limit: int | None) -> str:
    """A QUALIFY that keeps so many customers, the same ones each time."""
    if limit is None:
        return ""
    drawn = f"md5({literal(f'{prediction.seed}|{cut_off}|')} || {KEY})"
    return f" QUALIFY row_number() OVER (ORDER BY {drawn}, {KEY}) <= {limit:d}"


def _stretch(name: str, plan: Plan, cut_off: dt.date) -> str:
    """What a count or amount of a window is multiplied by where the window begins before the first order."""
    start, _, end = name.partition("_")
    days, _, what = end.partition("d_")
    known = plan.history_days(cut_off)
    if start in {"order", "net"} and what in {"count", "amount"} and days.isdigit() and int(days) > known:
        return f"CAST({int(days) / known!r} AS DOUBLE)"
    return "1"


def _model(name: str, values: dict[str, object]) -> SqlModel:
    return read_model("predict", shipped("sql") / "predict" / f"{name}.sql", values)
