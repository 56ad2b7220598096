"""Ids that are missing, spelt otherwise, used again or of nobody; rows that come twice; values that say nothing."""

from __future__ import annotations

import polars as pl

from tests.benchmarks.fault_edits import (
    AREAS,
    CONTACTS,
    CRM,
    CRM_DELTA,
    FEEDBACK,
    POS,
    TAKINGS,
    WEB,
    WEB_BEFORE,
    Delivery,
    Faults,
    Row,
    add_minutes,
    scaled,
)

KEYS = Faults("keys")
VALUES = Faults("values")
CONTROL = Faults("two systems")


@KEYS.fault("web_orders", "one row in five comes twice, byte for byte")
def rows_twice(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        table.rows += [dict(row) for row in delivery.some(table.good, 0.2)]


@KEYS.fault("web_orders", "every order comes twice, the second time under a new number (a retry)")
def retried_under_new_numbers(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        table.rows += [row | {"order_no": "X" + row["order_no"][1:]} for row in table.good if row["order_no"]]


@KEYS.fault("web_orders", "one order in ten is retried within two minutes under a new number")
def some_retried_under_new_numbers(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        chosen = {row["order_no"] for row in delivery.some(table.good, 0.06)}
        table.rows += [
            row | {"order_no": "X" + row["order_no"][1:], "ordered_at": add_minutes(row["ordered_at"], 2)}
            for row in table.good
            if row["order_no"] in chosen - {""}
        ]


@KEYS.fault("web_orders", "order numbers start again: those of June are numbers of May")
def order_numbers_restart(delivery: Delivery) -> None:
    used = list(dict.fromkeys(row["order_no"] for row in delivery.read(WEB_BEFORE).good if row["order_no"]))
    with delivery.table(WEB) as table:
        new = list(dict.fromkeys(row["order_no"] for row in table.good if row["order_no"]))
        number = dict(zip(new, used, strict=False))
        for row in table.good:
            row["order_no"] = number.get(row["order_no"], row["order_no"])


@KEYS.fault("store_tickets", "receipt numbers are counted by each till: the numbers of all stores meet")
def receipt_numbers_collide(delivery: Delivery) -> None:
    rank = pl.col("receipt_no").rank("dense").over("store_no").cast(pl.Int64)
    delivery.frame(POS, lambda frame: frame.with_columns(rank.alias("receipt_no")))


@KEYS.fault("web_orders", "the position is 1 on every line of an order")
def line_numbers_lost(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["position"] = "1"


@KEYS.fault("crm", "a fifth of the customer numbers are given to other people")
def customer_numbers_reused(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        chosen = delivery.some(table.good, 0.2)
        numbers = [row["KundenNr"] for row in chosen]
        for row, number in zip(chosen, [*numbers[1:], numbers[0]], strict=True):
            row["KundenNr"] = number


@KEYS.fault("web_orders", "15 % of the lines are of customers whom the CRM does not know")
def orders_of_unknown_customers(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in delivery.some(table.good, 0.15):
            row["customer"] = row["customer"].replace("C0", "C7")


@KEYS.fault("web_orders", "40 % of the lines name no customer")
def customers_null(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in delivery.some(table.good, 0.4):
            row["customer"] = ""


@KEYS.fault("store_tickets", "no receipt of June has a card number")
def cards_null(delivery: Delivery) -> None:
    delivery.frame(POS, lambda frame: frame.with_columns(pl.lit(None, pl.Int64).alias("card_no")))


@KEYS.fault("web_orders", "a third of the customer ids are in lower case, with a blank behind them")
def ids_lower_case_with_blanks(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in delivery.some(table.good, 0.33):
            row["customer"] = row["customer"].lower() + " "


@KEYS.fault("web_orders", "a spreadsheet has dropped the leading zeros of the customer ids (C123)")
def leading_zeros_lost(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["customer"] = "C" + row["customer"].lstrip("C0")


@KEYS.fault("web_orders", "30 % of the lines have no order number")
def order_numbers_null(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in delivery.some(table.good, 0.3):
            row["order_no"] = ""


@KEYS.fault("feedback", "the feedback of June has ids of earlier feedback")
def feedback_ids_repeated(delivery: Delivery) -> None:
    def repeated(rows: list[Row]) -> list[Row]:
        old = [row["id"] for row in rows if row["given_at"] < "2025-06"]
        new = [row for row in rows if row["given_at"] >= "2025-06"]
        for row, used in zip(new, old, strict=False):
            row["id"] = used
        return rows

    delivery.lines(FEEDBACK, repeated)


@KEYS.fault("areas", "the areas have new codes, the CRM has the old ones")
def area_codes_changed(delivery: Delivery) -> None:
    with delivery.table(AREAS) as table:
        for row in table.good:
            row["area"] = row["area"].replace("-", "")


@KEYS.fault("campaign_contacts", "a third of the contacts are of a campaign that nobody knows")
def unknown_campaign(delivery: Delivery) -> None:
    with delivery.table(CONTACTS) as table:
        for row in delivery.some(table.good, 0.33):
            row["campaign"] = "TEST"


@VALUES.fault("crm", "the CRM exports 30 % of its customers")
def crm_of_30_percent(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        table.rows = delivery.some(table.rows, 0.3)


@VALUES.fault("crm", "only what changed is exported, into the file of all customers")
def only_the_changes(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        table.rows = delivery.read(CRM_DELTA).rows


@VALUES.fault("crm", "every customer lives in Germany")
def constant_country(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in table.good:
            row["Land"] = "Germany"


@VALUES.fault("crm", "countries are spelt as codes (DE instead of Germany)")
def countries_as_codes(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in table.good:
            row["Land"] = row["Land"][:2].upper()


@VALUES.fault("web_orders", "40 % of the categories are “unknown”")
def category_unknown(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in delivery.some(table.good, 0.4):
            row["category"] = "unknown"


@VALUES.fault("web_orders", "categories are renamed all together (upper case)")
def categories_renamed(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["category"] = row["category"].upper()


@VALUES.fault("crm", "half of the cities and regions are N/A, of the jobs “test”")
def placeholders(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in delivery.some(table.good, 0.5):
            row |= {"Ort": "N/A", "Region": "N/A", "Beruf": "test"}


@VALUES.fault("crm", "60 % of the birth dates are missing")
def birth_dates_null(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in delivery.some(table.good, 0.6):
            row["Geburtsdatum"] = ""


@VALUES.fault("web_orders", "all lines are by one channel")
def one_channel(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["channel"] = "app"


@VALUES.fault("web_orders", "every order is cancelled, as its status says")
def all_cancelled(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["status"] = "cancelled"


@VALUES.fault("feedback", "every rating is five stars")
def five_stars(delivery: Delivery) -> None:
    def starred(rows: list[Row]) -> list[Row]:
        return [row | ({"stars": 5} if row["given_at"] >= "2025-06" else {}) for row in rows]

    delivery.lines(FEEDBACK, starred)


@CONTROL.fault("web_orders", "on one day 3 % of the revenue is not that of accounting", with_takings=True)
def takings_differ_by_3_percent(delivery: Delivery) -> None:
    with delivery.table(TAKINGS) as table:
        for row in table.good:
            if (row["day"], row["system"]) == ("2025-06-18", "webshop"):
                row["net"] = scaled(row["net"], 1.03)


@CONTROL.fault("web_orders", "two lines of one day are lost", with_takings=True)
def two_lines_lost(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        lost = [row for row in table.good if row["ordered_at"].startswith("2025-06-18")][:2]
        table.rows = [row for row in table.rows if row not in lost]


@CONTROL.fault("takings", "accounting calls the web shop by another name", with_takings=True)
def takings_of_an_unknown_system(delivery: Delivery) -> None:
    with delivery.table(TAKINGS) as table:
        for row in table.good:
            row["system"] = row["system"].replace("webshop", "Online")


@CONTROL.fault("takings", "the statements of the last three weeks are missing", with_takings=True)
def takings_stale(delivery: Delivery) -> None:
    with delivery.table(TAKINGS) as table:
        table.rows = [row for row in table.rows if row["day"] < "2025-06-10"]


@CONTROL.fault("store_tickets", "a day of the tills is missing", with_takings=True)
def a_day_of_takings_without_lines(delivery: Delivery) -> None:
    day = (pl.col("sold_at").dt.date() == pl.date(2025, 6, 18)).fill_null(value=False)
    delivery.frame(POS, lambda frame: frame.filter(~day))
