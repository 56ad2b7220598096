"""Tables of the segments and insight rooms, made by hand and counted in plain Python."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterable
from typing import Any

import polars as pl

from tasks.config.segmentations import STANDARD_RFM
from tasks.warehouse import tables
from tasks.warehouse.run import Run
from tests.unit.report.made_run import WINDOWS, Names, Placed, segment_id

FEATURES = (
    "recency_days",
    "order_count",
    "net_amount",
    "average_order_amount",
    "net_90d_amount",
    "gap_mean_days",
    "overdue_ratio",
    "return_line_share",
    "category_count",
    "category_entropy",
    "units_per_order",
    "discount_share",
    "weekend_order_share",
    "campaign_response_share",
    "rating_mean",
    "age_years",
)
OFFERS = (
    ("Early access to the autumn range", "You were here first", "Preview evening", "email", "CRM team"),
    ("Keep the habit", "Your usual is waiting", "Free delivery on the next three orders", "app", "CRM team"),
    ("Win back", "We miss you", "15 off the next order", "post", "Retention"),
)


def write_staging(run: Run, customers: int, orders: int) -> None:
    """As many customers and orders of 12.5 each."""
    tables.rebuild(run, "staging.customers", f"SELECT range AS customer_id FROM range({customers:d})")
    # Seven more bring returns alone, which are no orders wherever orders are counted.
    tables.rebuild(
        run,
        "staging.orders",
        f"SELECT 12.5::DECIMAL(18,4) AS net_amount, TRUE AS is_purchase FROM range({orders:d})"
        " UNION ALL SELECT 0::DECIMAL(18,4), FALSE FROM range(7)",
    )


def write_segments(run: Run, names: Names, before: Placed, now: Placed) -> None:
    """Definitions, figures, profiles, and where there is a previous run, migration and events."""
    definitions, kpis = [], []
    total = sum(value is not None for value in next(iter(now.values())))
    for key, (title, basis, segments) in names.items():
        sizes, old = _sizes(now[key]), _sizes(before[key])
        worth = {index: count * (420.5 - 31 * (index % 12)) for index, count in sizes.items()}
        for index, name in enumerate(segments):
            definitions.append(_definition(key, title, basis, index, name))
            kpis.append(_kpi(key, index, sizes, old, worth, total, is_compared=run.previous is not None))
    tables.write_frame(run, "segments.definition", pl.DataFrame(definitions, infer_schema_length=None))
    tables.write_frame(run, "monitoring.kpi", pl.DataFrame(kpis, infer_schema_length=None))
    if run.previous:
        flows = [row for key in names for row in transitions(run.previous.as_of, key, before[key], now[key])]
        tables.write_frame(run, "monitoring.transition", pl.DataFrame(flows, infer_schema_length=None))


def _sizes(placed: Iterable[int | None]) -> Counter[int]:
    return Counter(index for index in placed if index is not None)


def _definition(key: str, title: str, basis: str, index: int, name: str) -> dict[str, Any]:
    standard = {segment.name: segment.description for segment in STANDARD_RFM}
    value, message, offer, channel, owner = OFFERS[index % 3] if key in {"rfm", "lifecycle"} else (None,) * 5
    return {
        "segmentation_id": key,
        "segment_id": segment_id(key, index),
        "basis_name": basis,
        "segmentation_name": title,
        "segment_name": name,
        "description": standard.get(name, f"Customers of the kind “{name.lower()}”."),
        "rule_text": f"score BETWEEN {index} AND {index + 1}",
        "value_proposition": value,
        "message": message,
        "offer": offer,
        "channel_name": channel,
        "owner_name": owner,
        "priority": 10 * (index + 1),
        "status_name": "active",
        "since_date": dt.date(2024, 1, 31),
    }


def _kpi(
    key: str,
    index: int,
    sizes: Counter[int],
    old: Counter[int],
    worth: dict[int, float],
    total: int,
    *,
    is_compared: bool,
) -> dict[str, Any]:
    size, amount = sizes[index], worth.get(index, 0.0)
    change = size - old[index] if is_compared else size
    row = {
        "segmentation_id": key,
        "segment_id": segment_id(key, index),
        "customer_count": size,
        "customer_share": size / total if total else 0.0,
        "net_amount": amount,
        "net_share": amount / (sum(worth.values()) or 1.0),
        "average_order_amount": 61.35 - 3.1 * (index % 12),
        "recency_median_days": 5.0 + 17 * index,
        "entered_count": max(change, 0) + 5,
        "left_count": max(-change, 0) + 5,
        "change_count": change,
        "change_share": change / old[index] if old[index] else None,
    }
    for days in WINDOWS:
        row |= {f"net_{days}d_amount": amount * days / 500, f"order_{days}d_count": size * days // 60}
    return row


def transitions(
    previous_as_of: dt.date, key: str, before: list[int | None], now: list[int | None]
) -> list[dict[str, Any]]:
    """The migration matrix, those who stayed included."""
    flows = Counter(pair for pair in zip(before, now, strict=True) if pair != (None, None))
    old, new = Counter(before), Counter(now)
    return [
        {
            "segmentation_id": key,
            "previous_as_of_date": previous_as_of,
            "from_segment_id": None if start is None else segment_id(key, start),
            "to_segment_id": None if end is None else segment_id(key, end),
            "customer_count": count,
            "from_share": None if start is None else count / old[start],
            "to_share": None if end is None else count / new[end],
        }
        for (start, end), count in sorted(flows.items(), key=str)
    ]


def write_profiles(run: Run, names: Names) -> None:
    """Sixteen numeric features and two categories a segment."""
    chance = random.Random(11)  # noqa: S311 - made-up data
    rows = []
    for key, (_, _, segments) in names.items():
        for index in range(len(segments)):
            base = {"segmentation_id": key, "segment_id": segment_id(key, index), "customer_count": 100}
            lean = 1 - 2 * index / max(len(segments) - 1, 1)
            for place_no, feature in enumerate(FEATURES):
                difference = lean * (1.7 - 0.1 * place_no) * (-1 if place_no in {0, 6} else 1) + chance.gauss(0, 0.25)
                mean = 40.0 + 3 * place_no
                rows.append(
                    base
                    | {
                        "feature_name": feature,
                        "mean_value": mean + 12 * difference,
                        "median_value": mean + 10 * difference,
                        "population_mean_value": mean,
                        "standardised_difference": difference,
                        "top_value": None,
                        "top_share": None,
                        "population_share": None,
                    }
                )
            for feature, value in (("top_category_name", "Bakery"), ("top_channel_name", "app")):
                share = 0.35 + 0.3 * chance.random()
                rows.append(
                    base
                    | dict.fromkeys(("mean_value", "median_value", "population_mean_value", "standardised_difference"))
                    | {"feature_name": feature, "top_value": value, "top_share": share, "population_share": 0.33}
                )
    tables.write_frame(run, "monitoring.profile", pl.DataFrame(rows, infer_schema_length=None))


def write_events(run: Run, rows: list[tuple[str, str, str, float]]) -> None:
    """Named events as (segmentation, event, sentence, confidence)."""
    frame = pl.DataFrame(
        {
            "segmentation_id": [row[0] for row in rows],
            "previous_as_of_date": [run.previous.as_of if run.previous else None for _ in rows],
            "event_name": [row[1] for row in rows],
            "from_segment_ids": ["" for _ in rows],
            "to_segment_ids": ["" for _ in rows],
            "share": [0.5 for _ in rows],
            "confidence_share": [row[3] for row in rows],
            "sentence": [row[2] for row in rows],
        }
    )
    tables.write_frame(run, "monitoring.segment_event", frame)
