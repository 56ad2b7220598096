"""Bad rows as the exports hold them.

Owns: how each of `defects.FIRST_KINDS` that is a row of its own looks (the later: `later_bad_rows.py`). They come on
top of the good rows, with order numbers of their own: without them the exports are whole and true.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.demo import catalogue, story
from tasks.demo.defects import FIRST_KINDS, DefectPlan, Kind
from tasks.demo.draws import Draws, Ints
from tasks.demo.orders import SLOTS, order_number
from tasks.demo.spelling import customer_ids, feedback_ids, moments, order_numbers

#: Customers of this number and above exist in no CRM.
UNKNOWN_CUSTOMER = 99_000_000
_UNPARSABLE_DATES = ("2025-02-31 12:00:00", "31/06/2025 12h", "yesterday")
_UNPARSABLE_QUANTITIES = ("two", "1,5", "n/a")
_YEARS = {"event_2099": "2099", "event_1893": "1893"}


@dataclass(frozen=True, slots=True)
class BadText:
    """A bad line of a text file: the month of the file, how far down (0–1), and the line without its end.

    `paid` is the day and the cents of a line that is an order nevertheless.
    """

    month: int
    along: float
    line: str
    paid: tuple[int, int] | None = None


def _kinds_of(source: str) -> list[tuple[int, Kind]]:
    """Kinds planted as rows of their own, with their place among the first."""
    return [(i, one) for i, one in enumerate(FIRST_KINDS) if one.source == source and one.name != "exact_duplicate"]


def _drawn(draws: Draws, key: Ints) -> tuple[Ints, Ints]:
    """Second of the history and product of a bad row."""
    at = (draws.uniform("defect.at", key) * (story.DAYS * 86_400)).astype(np.int64)
    return at, catalogue.LASTING[draws.integer("defect.product", key, len(catalogue.LASTING))]


def bad_web_lines(draws: Draws, plan: DefectPlan, first: int, last: int) -> list[BadText]:
    """The bad lines of the web export whose hosts are numbered `first` … `last`."""
    found = []
    for index, kind in _kinds_of("web_orders"):
        hosts = plan.hosts(kind.name, kind.source, first, last)
        key = hosts * len(FIRST_KINDS) + index
        at, product = _drawn(draws, key)
        along = draws.uniform("defect.along", key)
        cents = catalogue.price_cents(product, np.ones(len(hosts), dtype=np.bool_), at // 86_400)
        texts = [moment.strftime("%Y-%m-%d %H:%M:%S") for moment in moments(at)]
        ids, orders = customer_ids(hosts), order_numbers(order_number(hosts, np.full_like(hosts, SLOTS - 1 - index)))
        months = np.searchsorted(story.MONTH_STARTS, at // 86_400, side="right") - 1
        for i, host in enumerate(hosts.tolist()):
            fields = _web_fields(orders[i], ids[i], texts[i], int(product[i]), int(cents[i]))
            line = _spoil(kind.name, fields, host)
            paid = (int(at[i]) // 86_400, int(cents[i])) if kind.outcome == "kept" else None
            found.append(BadText(int(months[i]), float(along[i]), line, paid))
    return found


def _web_fields(order: str, customer: str, at: str, product: int, cents: int) -> dict[str, str]:
    """A good line of the web export, by column."""
    return {
        "order_no": order,
        "position": "1",
        "customer": customer,
        "ordered_at": at,
        "channel": "web",
        "sku": catalogue.PRODUCT_IDS[product],
        "product": catalogue.PRODUCT_NAMES[product],
        "category": catalogue.PRODUCT_CATEGORIES[product],
        "quantity": "1",
        "unit_price": f"{cents / 100:.2f}",
        "discount": "0.00",
        "status": "completed",
        "ship_country": "Germany",
    }


def _spoil(name: str, fields: dict[str, str], host: int) -> str:
    """The CSV line of a bad row of this kind."""
    changes = {
        "unparsable_date": {"ordered_at": _UNPARSABLE_DATES[host % 3]},
        "unparsable_quantity": {"quantity": _UNPARSABLE_QUANTITIES[host % 3]},
        "negative_price": {"unit_price": f"-{fields['unit_price']}"},
        "missing_order_id": {"order_no": ""},
        "too_many_columns": {"product": "Olive oil, 500 ml"},
        "unknown_customer": {"customer": f"C{UNKNOWN_CUSTOMER + host}"},
    }
    if name in _YEARS:
        fields["ordered_at"] = _YEARS[name] + fields["ordered_at"][4:].replace("-02-29", "-02-28")
    fields.update(changes.get(name, {}))
    if name == "too_many_columns":
        # What an export without quoting makes of a product name with a comma.
        return ",".join(fields.values())
    text = io.BytesIO()
    pl.DataFrame([fields]).write_csv(text, include_header=False)
    return text.getvalue().decode().rstrip("\n")


def bad_tickets(
    draws: Draws, plan: DefectPlan, like: pl.DataFrame, first: int, last: int
) -> list[tuple[int, pl.DataFrame]]:
    """Bad rows of the tills with the columns of `like`, with the month of the file each belongs to."""
    found = []
    for index, kind in _kinds_of("store_tickets"):
        hosts = plan.hosts(kind.name, kind.source, first, last)
        at, product = _drawn(draws, hosts * len(FIRST_KINDS) + index)
        months = np.searchsorted(story.MONTH_STARTS, at // 86_400, side="right") - 1
        for i, host in enumerate(hosts.tolist()):
            row = {
                "receipt_no": int(order_number(hosts[i : i + 1], np.array([SLOTS - 1 - index]))[0]),
                "pos_line": 1,
                "card_no": host,
                "sold_at": moments(at)[i],
                "store_no": 1,
                "store_country": "Germany",
                "article_no": catalogue.PRODUCT_IDS[product[i]],
                "article": catalogue.PRODUCT_NAMES[product[i]],
                "department": catalogue.PRODUCT_CATEGORIES[product[i]],
                "units": 1,
                "price": int(catalogue.LIST_CENTS[product[i]]) / 100,
                "rebate": 0.0,
                "doc_type": "SALE",
            }
            if kind.name in _YEARS:
                row["sold_at"] = moments(at)[i].replace(year=int(_YEARS[kind.name]), day=1)
            elif kind.name == "negative_price":
                row["price"] = -row["price"]
            else:
                row["receipt_no"] = None
            found.append((int(months[i]), pl.DataFrame([row], schema=like.schema)))
    return found


def bad_feedback(draws: Draws, plan: DefectPlan, like: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    """Bad rows of the feedback export with the columns of `like`."""
    rows = []
    for index, kind in _kinds_of("feedback"):
        hosts = plan.hosts(kind.name, kind.source, first, last)
        at, _ = _drawn(draws, hosts * len(FIRST_KINDS) + index)
        ids = feedback_ids(order_number(hosts, np.full_like(hosts, SLOTS - 1 - index)))
        for i, customer in enumerate(customer_ids(hosts)):
            known = kind.name == "rating_out_of_range"
            rows.append(
                {
                    "id": ids[i],
                    "customer": customer if known else None,
                    "given_at": moments(at)[i].strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "stars": 11 if known else 4,
                    "recommend": 8,
                    "complaint": False,
                    "channel": "web",
                    "comment": None,
                }
            )
    return pl.DataFrame(rows, schema=like.schema)


def bad_consents(draws: Draws, plan: DefectPlan, like: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
    """Bad rows of the consent export with the columns of `like`."""
    rows = []
    for index, kind in _kinds_of("consents"):
        if kind.name == "duplicate_record":
            continue
        hosts = plan.hosts(kind.name, kind.source, first, last)
        at, _ = _drawn(draws, hosts * len(FIRST_KINDS) + index)
        for i, customer in enumerate(customer_ids(hosts)):
            row: dict[str, str | None] = {
                "customer": customer,
                "purpose": "marketing",
                "channel": "app",
                "decision": "opt-in",
                "decided_at": moments(at)[i].strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            spoilt: dict[str, dict[str, str | None]] = {
                "unparsable_date": {"decided_at": "2025-02-31T12:00:00Z"},
                "unknown_decision": {"decision": "maybe"},
                "missing_customer": {"customer": None},
            }
            rows.append(row | spoilt[kind.name])
    return pl.DataFrame(rows, schema=like.schema)
