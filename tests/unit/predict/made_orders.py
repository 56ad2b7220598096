"""Customers who order as BG/NBD and gamma-gamma say, with what is true of each, and a warehouse that holds their orders."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.ingest.staging import build_staging
from tasks.predict.bg_nbd import History
from tasks.warehouse.run import Run
from tests.sql.cases import create_raw

#: r, alpha (days), a, b of buyers who come about monthly, a few of whom are lost with each order.
PARAMETERS = (0.9, 35.0, 0.6, 4.0)
#: p, q, gamma: about 40 an order.
MONEY = (4.0, 3.5, 25.0)


@dataclass(frozen=True)
class Company:
    """`orders`: customer_id, day (0: the first of the company), amount; `dropped`: the day each customer was lost."""

    orders: pl.DataFrame
    rates: np.ndarray
    dropped: np.ndarray
    first_days: np.ndarray


def simulate(seed: int, customers: int, days: int, parameters: tuple[float, ...] = PARAMETERS) -> Company:
    """Customers whose first orders are spread over the days; each is on a day of his own, whole days apart."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = parameters
    p, q, gamma = MONEY
    rates, losses = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    scales = rng.gamma(q, 1 / gamma, customers)
    first_days = rng.integers(0, days, customers)
    dropped = np.full(customers, np.inf)
    rows: list[tuple[str, int, float]] = []
    for number in range(customers):
        moment = float(first_days[number])
        while moment < days:
            rows.append((f"c{number:05d}", int(moment), round(rng.gamma(p, 1 / scales[number]), 2) + 0.01))
            # The first order loses nobody in BG/NBD.
            if moment > first_days[number] and rng.random() < losses[number]:
                dropped[number] = moment
                break
            moment += rng.exponential(1 / rates[number])
    orders = pl.DataFrame(rows, schema=["customer_id", "day", "amount"], orient="row")
    return Company(orders, rates, dropped, first_days)


def histories(seed: int, customers: int, days: float, parameters: tuple[float, ...]) -> tuple[History, np.ndarray]:
    """What BG/NBD knows of simulated customers, in exact time, and the orders of each in as many days after."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = parameters
    rates, losses = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    total = days - rng.uniform(0, days / 3, customers)
    # The order after which a customer is lost; 500 are more than anybody makes in the time.
    last = rng.geometric(losses)[:, None]
    moments = np.cumsum(rng.exponential(1 / rates[:, None], (customers, 500)), axis=1)
    happens = np.arange(1, 501)[None, :] <= last
    known = happens & (moments <= total[:, None])
    later = happens & (moments > total[:, None]) & (moments <= total[:, None] + days)
    return History(known.sum(axis=1) * 1.0, np.where(known, moments, 0).max(axis=1), total), later.sum(axis=1) * 1.0


def stage(run: Run, company: Company, first: dt.date) -> None:
    """Put a company's orders into raw and build staging; day 0 is `first`."""
    run.identify()
    create_raw(run.warehouse)
    insert_orders(run, company.orders, first)
    build_staging(run)


def insert_orders(run: Run, orders: pl.DataFrame, first: dt.date, prefix: str = "o") -> None:
    """One line an order, of 9:00 on its day."""
    rows = orders.with_row_index("number").select(
        order_id=pl.lit(prefix) + pl.col("number").cast(pl.String),
        line_id=pl.lit("1"),
        customer_id=pl.col("customer_id"),
        ordered_at=pl.lit(dt.datetime.combine(first, dt.time(9))) + pl.duration(days=pl.col("day")),
        product_id=pl.lit("p"),
        category_name=pl.lit("bread"),
        quantity=pl.lit(1),
        unit_price_amount=pl.col("amount"),
        channel_name=pl.lit("web"),
        source_name=pl.lit("orders"),
        load_no=pl.lit(1),
        row_number=pl.col("number") + 1,
    )
    with run.warehouse.registered("incoming_orders", rows):
        run.warehouse.execute("INSERT INTO raw.order_lines BY NAME SELECT * FROM incoming_orders")
