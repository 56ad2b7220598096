"""Columns that change their name, place or type, and values that stand in the wrong one."""

from __future__ import annotations

import polars as pl

from tests.benchmarks.fault_edits import CRM, MIDDLE, POS, WEB, Delivery, Faults, Row

COLUMNS = Faults("columns")


def _shift(row: Row, keys: list[str]) -> None:
    """Move values one column to the right: the first has none, the last is lost."""
    row.update(zip(keys, ["", *(row[key] for key in keys[:-1])], strict=True))


@COLUMNS.fault("web_orders", "the column of the customer has another name")
def column_renamed(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        table.shown["customer"] = "customer_id"


@COLUMNS.fault("web_orders", "the column of the discount is gone")
def column_dropped(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        del table.shown["discount"]


@COLUMNS.fault("web_orders", "a column has come in, before the others")
def column_added(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        table.shown = {"tenant": "tenant", **table.shown}
        for row in table.rows:
            row["tenant"] = "1"


@COLUMNS.fault("store_tickets", "a library has made floating point of the card numbers (123.0)")
def ids_as_floats(delivery: Delivery) -> None:
    delivery.frame(POS, lambda frame: frame.with_columns(pl.col("card_no").cast(pl.Float64)))


@COLUMNS.fault("store_tickets", "all columns of the tills have become text")
def types_lost(delivery: Delivery) -> None:
    delivery.frame(POS, lambda frame: frame.with_columns(pl.all().cast(pl.String)))


@COLUMNS.fault("web_orders", "the headers of quantity and price are exchanged")
def headers_swapped(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        table.shown["quantity"], table.shown["unit_price"] = "unit_price", "quantity"


@COLUMNS.fault("web_orders", "the headers of product and category are exchanged")
def text_headers_swapped(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        table.shown["product"], table.shown["category"] = "category", "product"


@COLUMNS.fault("web_orders", "from the middle of the month on, values stand one column to the right")
def shifted_right(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        keys = list(table.shown)
        start = keys.index("sku")
        for row in table.good:
            if row["ordered_at"] >= MIDDLE:
                _shift(row, keys[start:])


@COLUMNS.fault("crm", "from the middle of the file on, everything after the birth date stands one column to the right")
def crm_shifted_right(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        keys = [key for key in table.shown if key not in {"Kunde_seit", "Geaendert_am"}]
        start = keys.index("Geschlecht")
        for row in table.good[len(table.rows) // 2 :]:
            _shift(row, keys[start:])


@COLUMNS.fault("web_orders", "from the middle of the month on, quantity and price have changed places")
def quantity_and_price_swapped(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            if row["ordered_at"] >= MIDDLE:
                row["quantity"], row["unit_price"] = row["unit_price"], row["quantity"]


@COLUMNS.fault("crm", "city and region have changed places")
def city_and_region_swapped(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in table.good:
            row["Ort"], row["Region"] = row["Region"], row["Ort"]


@COLUMNS.fault("crm", "name and e-mail have changed places")
def name_and_email_swapped(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in table.good:
            row["Name"], row["E-Mail"] = row["E-Mail"], row["Name"]


@COLUMNS.fault("crm", "half of the customers have their telephone number in the column of the name")
def phone_in_the_name(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in delivery.some(table.good, 0.5):
            row["Name"], row["Telefon"] = row["Telefon"], row["Name"]
