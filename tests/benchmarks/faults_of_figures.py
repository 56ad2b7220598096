"""Figures in another unit, with another sign or another spelling, and times that are not those of the event."""

from __future__ import annotations

import polars as pl

from tests.benchmarks.fault_edits import (
    AREAS,
    CONTACTS,
    CRM,
    FEEDBACK,
    POS,
    WEB,
    Delivery,
    Faults,
    Row,
    add_minutes,
    scaled,
)

UNITS = Faults("units")
TIMES = Faults("times")


@UNITS.fault("web_orders", "prices and discounts are exported in cents (× 100)")
def prices_in_cents(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["unit_price"] = scaled(row["unit_price"], 100, "{:.0f}")
            row["discount"] = scaled(row["discount"], 100, "{:.0f}")


@UNITS.fault("store_tickets", "prices and rebates of the tills are in another currency (× 1.95583)")
def another_currency(delivery: Delivery) -> None:
    delivery.frame(POS, lambda frame: frame.with_columns((pl.col("price", "rebate") * 1.95583).round(2)))


@UNITS.fault("web_orders", "quantities are exported in pieces of a dozen (× 12)")
def quantities_in_dozens(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["quantity"] = scaled(row["quantity"], 12, "{:.0f}")


@UNITS.fault("web_orders", "prices are written with a decimal comma")
def decimal_comma(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["unit_price"] = row["unit_price"].replace(".", ",")


@UNITS.fault("crm", "incomes are written with a thousands separator (43.200,00)")
def thousands_separator(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in table.good:
            whole, comma, cents = row["Jahreseinkommen"].partition(",")
            row["Jahreseinkommen"] = f"{int(whole):,}".replace(",", ".") + comma + cents if whole else ""


@UNITS.fault("crm", "incomes are by month instead of by year (÷ 12)")
def monthly_income(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in table.good:
            yearly = row["Jahreseinkommen"].replace(",", ".")
            row["Jahreseinkommen"] = scaled(yearly, 1 / 12).replace(".", ",")


@UNITS.fault("areas", "poverty and unemployment are shares instead of per cent (÷ 100)")
def shares_instead_of_percent(delivery: Delivery) -> None:
    with delivery.table(AREAS) as table:
        for row in table.good:
            for column in ("poverty_percent", "unemployment_percent"):
                row[column] = scaled(row[column], 0.01, "{:.4f}")


@UNITS.fault("areas", "poverty and unemployment are per mille instead of per cent (× 10)")
def per_mille_instead_of_percent(delivery: Delivery) -> None:
    with delivery.table(AREAS) as table:
        for row in table.good:
            for column in ("poverty_percent", "unemployment_percent"):
                row[column] = scaled(row[column], 10)


@UNITS.fault("feedback", "ratings of June go from 1 to 10 instead of from 1 to 5")
def ratings_of_ten(delivery: Delivery) -> None:
    def doubled(rows: list[Row]) -> list[Row]:
        for row in rows:
            if row["given_at"] >= "2025-06" and row["stars"]:
                row["stars"] *= 2
        return rows

    delivery.lines(FEEDBACK, doubled)


@UNITS.fault("web_orders", "quantities of sales are negative, those of returns positive")
def signs_flipped(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["quantity"] = scaled(row["quantity"], -1, "{:.0f}")


@UNITS.fault("web_orders", "returns and cancellations come as sales: quantity positive, status completed")
def returns_as_sales(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["quantity"], row["status"] = row["quantity"].lstrip("-"), "completed"


@UNITS.fault("web_orders", "one price in ten is negative")
def negative_prices(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in delivery.some(table.good, 0.1):
            row["unit_price"] = "-" + row["unit_price"].lstrip("-")


@UNITS.fault("web_orders", "every price is zero")
def prices_zero(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["unit_price"], row["discount"] = "0.00", "0.00"


@UNITS.fault("web_orders", "the discount is exported in per cent of the price instead of as an amount")
def discount_in_percent(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            if row["quantity"].isdigit() and float(row["discount"]) > 0:
                full = float(row["unit_price"]) * int(row["quantity"])
                row["discount"] = f"{100 * float(row['discount']) / full:.2f}"


@UNITS.fault("web_orders", "one order of 99,999 units that somebody typed in for a test")
def one_huge_order(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        table.good[len(table.rows) // 2]["quantity"] = "99999"


@UNITS.fault("crm", "the household size of half of the customers has a zero too many (× 10)")
def household_times_ten(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in delivery.some(table.good, 0.5):
            row["Haushaltsgroesse"] = scaled(row["Haushaltsgroesse"], 10, "{:.0f}")


@TIMES.fault("web_orders", "day and month have changed places (5 June becomes 6 May)")
def day_and_month_swapped(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            date, _, time = row["ordered_at"].partition(" ")
            if time and date[8:].isdigit() and int(date[8:]) <= 12:
                row["ordered_at"] = f"{date[:4]}-{date[8:]}-{date[5:7]} {time}"


@TIMES.fault("web_orders", "dates are written as 06/30/2025")
def another_date_format(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            date, _, time = row["ordered_at"].partition(" ")
            row["ordered_at"] = f"{date[5:7]}/{date[8:]}/{date[:4]} {time}"


@TIMES.fault("web_orders", "times are local summer time instead of UTC (+ 2 hours)")
def timezone_plus_2(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["ordered_at"] = add_minutes(row["ordered_at"], 120)


@TIMES.fault("store_tickets", "times are those of a server in New York (− 5 hours)")
def timezone_minus_5(delivery: Delivery) -> None:
    delivery.frame(POS, lambda frame: frame.with_columns(pl.col("sold_at").dt.offset_by("-5h")))


@TIMES.fault("web_orders", "the time of day is lost (all 00:00:00)")
def times_lost(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["ordered_at"] = row["ordered_at"][:10] + " 00:00:00"


@TIMES.fault("web_orders", "one order in ten is dated in the future")
def future_dates(delivery: Delivery) -> None:
    # Far enough to lie after the day on which this is run, too.
    with delivery.table(WEB) as table:
        for row in delivery.some(table.good, 0.1):
            row["ordered_at"] = row["ordered_at"].replace("2025-", "2095-")


@TIMES.fault("web_orders", "one line in seven without a time is dated 1970-01-01")
def epoch_dates(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in delivery.some(table.good, 0.15):
            row["ordered_at"] = "1970-01-01 00:00:00"


@TIMES.fault("web_orders", "the year is that of the year before")
def year_before(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        for row in table.good:
            row["ordered_at"] = row["ordered_at"].replace("2025-", "2024-")


@TIMES.fault("campaign_contacts", "sent and answered have changed places: answers before the contact")
def answered_before_sent(delivery: Delivery) -> None:
    with delivery.table(CONTACTS) as table:
        for row in table.good:
            if row["responded_at"]:
                row["sent_at"], row["responded_at"] = row["responded_at"], row["sent_at"]


@TIMES.fault("crm", "all customers are registered on the day on which the CRM was moved")
def one_registration_day(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in table.good:
            row["Kunde_seit"] = "15.06.2025"


@TIMES.fault("crm", "births of the years before 2000 are a century late (1966 becomes 2066)")
def births_a_century_late(delivery: Delivery) -> None:
    with delivery.table(CRM) as table:
        for row in table.good:
            row["Geburtsdatum"] = row["Geburtsdatum"].replace(".19", ".20")
