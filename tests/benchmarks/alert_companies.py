"""Companies that live a year of weekly runs: nothing happens, or four events do.

Used by `alert_quality.py`.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from tasks.demo.generator import generate_demo
from tests.benchmarks.clean_exports import Habits, clean
from tests.integration.corridor import EXAMPLES, ledger, run_corridor
from tests.integration.past_exports import write_past

FIRST = dt.date(2024, 5, 5)
_TIME = "%Y-%m-%d %H:%M:%S"
WEEKS_OF_EVENT = 4
#: Of a hundred customers so many are among those to whom it happens.
_LAPSING = 40


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens from the Monday after a week's run on."""

    name: str
    week: int
    web: Callable[[pl.DataFrame], pl.DataFrame]
    tills: Callable[[pl.DataFrame], pl.DataFrame]

    @property
    def day(self) -> dt.date:
        """The first day."""
        return FIRST + dt.timedelta(days=7 * self.week + 1)


def _times(column: str, factor: float) -> pl.Expr:
    kind = pl.Int64 if column == "quantity" else pl.Float64
    return (pl.col(column).cast(kind) * factor).round(2).cast(kind).cast(pl.String).alias(column)


def _stays(customer: str) -> pl.Expr:
    number = pl.col(customer).cast(pl.String).str.extract(r"(\d+)$").cast(pl.Int64)
    return ((number * 37) % 100 >= _LAPSING).fill_null(value=True)


def _same(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


EVENTS = (
    Event("everything online costs 30 % more", 13, lambda rows: rows.with_columns(_times("unit_price", 1.3)), _same),
    Event("the app takes no orders any more", 23, lambda rows: rows.filter(pl.col("channel") != "app"), _same),
    Event(
        "four customers in ten stop buying",
        33,
        lambda rows: rows.filter(_stays("customer")),
        lambda rows: rows.filter(_stays("card_no")),
    ),
    Event("online orders are twice as large", 43, lambda rows: rows.with_columns(_times("quantity", 2)), _same),
)


@dataclass(frozen=True, slots=True)
class Week:
    """What one run raised: severity, kind, subject and message of each alert."""

    company: int
    is_planted: bool
    week: int
    status: str
    alerts: list[list[str]]

    @property
    def event(self) -> Event | None:
        """The event whose week this is."""
        if not self.is_planted:
            return None
        return next((one for one in EVENTS if 0 < self.week - one.week <= WEEKS_OF_EVENT), None)


def plant(full: Path) -> None:
    """Have the events happen in the exports of a whole history."""
    for path in sorted((full / "orders").iterdir()):
        frame = pl.read_csv(io.BytesIO(gzip.decompress(path.read_bytes())), infer_schema=False)
        at = pl.col("ordered_at").str.to_datetime(_TIME)
        for event in EVENTS:
            since = at >= dt.datetime.combine(event.day, dt.time())
            frame = pl.concat([frame.filter(~since), event.web(frame.filter(since))])
        path.write_bytes(gzip.compress(frame.write_csv().encode(), 1, mtime=0))
    for path in sorted((full / "pos").iterdir()):
        till = pl.read_parquet(path)
        for event in EVENTS:
            since = pl.col("sold_at") >= dt.datetime.combine(event.day, dt.time())
            till = pl.concat([till.filter(~since), event.tills(till.filter(since))])
        till.write_parquet(path)


def _refitted(tree: dict[str, Any]) -> None:
    """Have clusters learnt anew every other week: other borders are no drift."""
    segmentations = tree["segmentations"]
    buying = segmentations["buying"] | {"refit": {"every_days": 14}}
    known = ["age_years", "tenure_days", "region_name", "channel_count", "return_amount_share"]
    segmentations["buying"] = buying
    segmentations["buying_clouds"] = buying | {"name": "Buying behaviour, clouds", "algorithm": "gaussian"}
    segmentations["buying_of_all"] = {
        "kind": "projected",
        "basis": "behavioural",
        "name": "Buying behaviour of all",
        "of": "buying",
        "features": known,
        "min_confidence": 0.5,
        "otherwise": {"id": "unknown", "name": "Unknown"},
    }


def live(
    company: int, customers: int, weeks: int, folder: Path, *, is_planted: bool, has_refits: bool
) -> Iterable[Week]:
    """Run a company week by week."""
    full, workspace = folder / "full", folder / "company"
    generate_demo(full, customers=customers, seed=1000 + company)
    clean(full, Habits(closes_on_holidays=False, promotions=()))
    if is_planted:
        plant(full)
    tree = yaml.safe_load((EXAMPLES / "demo" / "resegment.yaml").read_text(encoding="utf-8"))
    del tree["generate"], tree["sources"]["takings"]
    if has_refits:
        _refitted(tree)
    workspace.mkdir()
    (workspace / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    for week in range(weeks):
        day = FIRST + dt.timedelta(days=7 * week)
        write_past(full, workspace / "data", day + dt.timedelta(days=1))
        status = "published"
        try:
            run_corridor(workspace, day, workspace / "out", "observe.lineage=false", "publish.parquet=false")
        except Exception as error:  # noqa: BLE001 - how a run ends is a figure
            status = f"{type(error).__name__}: {error}"[:300]
        raised = ledger(
            workspace / "out",
            "SELECT severity_name, kind_name, subject_name, message FROM ops.alert WHERE attempt_id ="
            " (SELECT attempt_id FROM ops.run ORDER BY started_at DESC LIMIT 1) ORDER BY ALL",
        )
        yield Week(company, is_planted, week, status, [list(map(str, row)) for row in raised])
