"""The demo's exports without what is wrong in them on purpose, and with what happens to every company.

Owns: taking the planted defects out, and days that are unlike others for good reasons. So whatever a check says of
these files is a false alarm.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

#: Stores are closed; the web shop is open.
HOLIDAYS = (
    dt.date(2024, 5, 1), dt.date(2024, 10, 3), dt.date(2024, 12, 25), dt.date(2024, 12, 26), dt.date(2025, 1, 1),
    dt.date(2025, 4, 18), dt.date(2025, 4, 21), dt.date(2025, 5, 1),
)  # fmt: skip
#: A week of reduced prices brings this many times the orders of another.
PROMOTION = 1.5
_TIME = "%Y-%m-%d %H:%M:%S"
_YEARS = (2024, 2025)


@dataclass(frozen=True, slots=True)
class Habits:
    """What is particular to a company.

    Attributes:
        closes_on_holidays: its stores are closed then.
        promotions: first days of weeks with half as many orders again.
    """

    closes_on_holidays: bool
    promotions: tuple[dt.date, ...]

    def is_kept(self, frame: pl.DataFrame, order: str, at: pl.Expr) -> pl.Series:
        """Which orders the company has: outside the weeks of a promotion, some of the generator's are left out."""
        if not self.promotions:
            return pl.repeat(value=True, n=frame.height, eager=True)
        week = pl.any_horizontal(
            (at >= first) & (at < first + dt.timedelta(days=7)) for first in map(_midnight, self.promotions)
        )
        # An order and its return share the digits of their number: both stay or both go.
        drawn = pl.col(order).cast(pl.String).str.extract(r"(\d{4})(?:-[CR])?$").cast(pl.Float64, strict=False) / 1e4
        return frame.select((week | (drawn < 1 / PROMOTION)).fill_null(value=True)).to_series()


def clean(data: Path, habits: Habits) -> None:
    """Rewrite a generated folder in place."""
    customers = set(pl.read_parquet(data / "truth" / "customers.parquet")["customer_id"])
    for path in sorted((data / "orders").iterdir()):
        path.write_bytes(gzip.compress(_web(gzip.decompress(path.read_bytes()), customers, habits), 1, mtime=0))
    for path in sorted((data / "pos").iterdir()):
        _tills(pl.read_parquet(path), habits).write_parquet(path)
    crm = pl.read_csv(data / "crm_customers.csv", separator=";", infer_schema=False)
    born, income = pl.col("Geburtsdatum"), pl.col("Jahreseinkommen")
    crm = crm.unique(maintain_order=True).with_columns(
        pl.when(~born.str.ends_with("1893")).then(born).alias("Geburtsdatum"),
        pl.when(~income.str.starts_with("666666")).then(income).alias("Jahreseinkommen"),
    )
    crm.write_csv(data / "crm_customers.csv", separator=";")
    for path in data.glob("consents*.csv"):
        decided = pl.read_csv(path, infer_schema=False)
        at = pl.col("decided_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False)
        decided.unique(maintain_order=True).filter(
            at.is_not_null() & pl.col("customer").is_not_null() & pl.col("decision").is_in(["opt-in", "opt-out"])
        ).write_csv(path)
    _clean_beside_orders(data)
    said = [json.loads(line) for line in (data / "feedback.jsonl").read_text(encoding="utf-8").splitlines()]
    good = [row for row in said if row["customer"] and (row["stars"] or 1) <= 5]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in good)
    (data / "feedback.jsonl").write_text(text, encoding="utf-8")


def _clean_beside_orders(data: Path) -> None:
    """Visits, survey, service costs and address data."""
    for path in sorted((data / "visits").iterdir()):
        looked = pl.read_csv(io.BytesIO(gzip.decompress(path.read_bytes())), infer_schema=False)
        at = pl.col("started_at").str.to_datetime(_TIME, strict=False)
        good = looked.unique(maintain_order=True).filter(at.is_not_null() & ~pl.col("seconds").str.starts_with("-"))
        path.write_bytes(gzip.compress(good.write_csv().encode(), 1, mtime=0))
    for path in sorted((data / "survey").iterdir()):
        asked = pl.read_csv(path, infer_schema=False)
        coded = pl.any_horizontal(pl.col("^Q.*$") == "99").fill_null(value=False)
        asked.filter(pl.col("customer").is_not_null() & ~coded).write_csv(path)
    spent = pl.read_csv(data / "service_costs.csv", infer_schema=False)
    spent.filter(~pl.col("amount").str.starts_with("-")).write_csv(data / "service_costs.csv")
    known = pl.read_csv(data / "address_data.csv", infer_schema=False)
    known.filter(pl.col("customer").is_not_null()).write_csv(data / "address_data.csv")


def _web(content: bytes, customers: set[str], habits: Habits) -> bytes:
    # Of the bad lines one has too many values; it is not what is looked at here.
    frame = pl.read_csv(io.BytesIO(content), infer_schema=False, truncate_ragged_lines=True)
    at = pl.col("ordered_at").str.to_datetime(_TIME, strict=False)
    frame = frame.unique(maintain_order=True).filter(
        at.dt.year().is_in(_YEARS)
        & (pl.col("order_no") != "")
        & pl.col("quantity").str.contains(r"^-?\d+$")
        & (pl.col("unit_price").cast(pl.Float64, strict=False) >= 0)
        & pl.col("customer").is_in(customers)
    )
    return frame.filter(habits.is_kept(frame, "order_no", at)).write_csv().encode()


def _tills(frame: pl.DataFrame, habits: Habits) -> pl.DataFrame:
    at = pl.col("sold_at")
    frame = frame.unique(maintain_order=True).filter(
        at.dt.year().is_in(_YEARS) & pl.col("receipt_no").is_not_null() & (pl.col("price") >= 0)
    )
    if habits.closes_on_holidays:
        frame = frame.filter(~at.dt.date().is_in(HOLIDAYS))
    return frame.filter(habits.is_kept(frame, "receipt_no", at))


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time())
