"""Files that do not come, come late, cut, twice, or written otherwise; days that are missing in them."""

from __future__ import annotations

import shutil

import polars as pl

from tests.benchmarks.fault_edits import (
    AREAS,
    CONTACTS,
    CRM,
    CRM_DELTA,
    FEEDBACK,
    MIDDLE,
    POS,
    POS_BEFORE,
    WEB,
    WEB_BEFORE,
    Delivery,
    Faults,
)

FILES = Faults("file")
DAYS = Faults("days")


@FILES.fault("web_orders", "the web shop's file of the month does not come")
def web_file_missing(delivery: Delivery) -> None:
    delivery.path(WEB).unlink()


@FILES.fault("store_tickets", "the tills' file of the month does not come")
def till_file_missing(delivery: Delivery) -> None:
    delivery.path(POS).unlink()


@FILES.fault("crm", "the CRM exports nothing, and the old files are cleared away")
def crm_files_missing(delivery: Delivery) -> None:
    delivery.path(CRM).unlink()
    delivery.path(CRM_DELTA).unlink()


@FILES.fault("web_orders", "the web shop's file has no byte")
def web_file_empty(delivery: Delivery) -> None:
    delivery.bytes(WEB, lambda _: b"")


@FILES.fault("web_orders", "the web shop's file holds its header and no line")
def web_header_only(delivery: Delivery) -> None:
    delivery.text(WEB, lambda text: text.partition(b"\n")[0] + b"\n")


@FILES.fault("feedback", "the feedback file is empty")
def feedback_file_empty(delivery: Delivery) -> None:
    delivery.bytes(FEEDBACK, lambda _: b"")


@FILES.fault("web_orders", "the transfer of the packed file broke off")
def gzip_cut_short(delivery: Delivery) -> None:
    delivery.bytes(WEB, lambda packed: packed[: len(packed) * 6 // 10])


@FILES.fault("web_orders", "the disk of the web shop was full: the text ends in the middle of a line")
def text_cut_in_a_line(delivery: Delivery) -> None:
    delivery.text(WEB, lambda text: text[: text.index(b"\n", len(text) * 7 // 10) - 40])


@FILES.fault("store_tickets", "the transfer of the Parquet file broke off")
def parquet_cut_short(delivery: Delivery) -> None:
    delivery.bytes(POS, lambda content: content[: len(content) * 6 // 10])


@FILES.fault("crm", "the CRM's file breaks off after 60 %, at the end of a line")
def crm_cut_short(delivery: Delivery) -> None:
    delivery.text(CRM, lambda text: text[: text.index(b"\n", len(text) * 6 // 10) + 1])


@FILES.fault("web_orders", "last month's file comes again under the name of this month")
def last_month_again(delivery: Delivery) -> None:
    shutil.copyfile(delivery.path(WEB_BEFORE), delivery.path(WEB))


@FILES.fault("web_orders, store_tickets", "both sales systems deliver nothing new")
def all_sales_stale(delivery: Delivery) -> None:
    delivery.path(WEB).unlink()
    delivery.path(POS).unlink()


@FILES.fault("web_orders", "this month's lines are written over last month's file")
def last_month_overwritten(delivery: Delivery) -> None:
    shutil.copyfile(delivery.path(WEB), delivery.path(WEB_BEFORE))
    delivery.path(WEB).unlink()


@FILES.fault("web_orders", "the file comes twice, byte for byte, under two names")
def delivered_twice_same_bytes(delivery: Delivery) -> None:
    shutil.copyfile(delivery.path(WEB), delivery.path("orders/orders_2025-06_copy.csv.gz"))


@FILES.fault("web_orders", "the file comes twice under two names, the second in another order of lines")
def delivered_twice_reordered(delivery: Delivery) -> None:
    again = "orders/orders_2025-06_again.csv.gz"
    shutil.copyfile(delivery.path(WEB), delivery.path(again))
    with delivery.table(again) as table:
        table.rows.reverse()


@FILES.fault("web_orders", "the web shop exports with semicolons instead of commas")
def wrong_delimiter(delivery: Delivery) -> None:
    delivery.text(WEB, lambda text: text.replace(b",", b";"))


@FILES.fault("crm", "the CRM exports Latin-1 instead of UTF-8")
def latin_1_bytes(delivery: Delivery) -> None:
    delivery.text(CRM, lambda text: text.decode().encode("latin-1", errors="replace"))


@FILES.fault("crm", "the CRM's UTF-8 is taken for Latin-1 and encoded once more (München: MÃ¼nchen)")
def encoded_twice(delivery: Delivery) -> None:
    delivery.text(CRM, lambda text: text.decode("latin-1").encode())


@FILES.fault("web_orders", "the file begins with a byte order mark")
def byte_order_mark(delivery: Delivery) -> None:
    delivery.text(WEB, lambda text: b"\xef\xbb\xbf" + text)


@FILES.fault("web_orders", "lines end as on Windows")
def windows_line_ends(delivery: Delivery) -> None:
    delivery.text(WEB, lambda text: text.replace(b"\n", b"\r\n"))


@FILES.fault("feedback", "the feedback tool writes one JSON list instead of a line for each object")
def json_list(delivery: Delivery) -> None:
    delivery.text(FEEDBACK, lambda text: b"[" + b",\n".join(text.splitlines()) + b"]\n")


@DAYS.fault("web_orders", "the last day of the month is not in the file")
def last_day_missing(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        table.rows = [row for row in table.rows if not row["ordered_at"].startswith("2025-06-30")]


@DAYS.fault("web_orders", "the export ran at noon of the last day")
def last_day_ends_at_noon(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        table.rows = [row for row in table.rows if not "2025-06-30 12" <= row["ordered_at"] < "2025-07"]


@DAYS.fault("web_orders", "a day in the middle of the month is missing")
def a_day_missing(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        table.rows = [row for row in table.rows if not row["ordered_at"].startswith("2025-06-12")]


@DAYS.fault("store_tickets", "the tills' server stood still for a week")
def a_week_missing(delivery: Delivery) -> None:
    day = pl.col("sold_at").dt.date()
    week = day.is_between(pl.date(2025, 6, 9), pl.date(2025, 6, 15)) & (pl.col("sold_at").dt.year() == 2025)
    delivery.frame(POS, lambda frame: frame.filter(~week))


@DAYS.fault("web_orders", "the second half of the month is missing")
def half_a_month_missing(delivery: Delivery) -> None:
    with delivery.table(WEB) as table:
        table.rows = [row for row in table.rows if not MIDDLE <= row["ordered_at"] < "2025-07"]


@DAYS.fault("store_tickets", "one store in four has stopped sending")
def stores_missing(delivery: Delivery) -> None:
    delivery.frame(POS, lambda frame: frame.filter(pl.col("store_no") % 4 != 0))


@DAYS.fault("feedback", "the feedback tool has exported nothing new since May")
def feedback_stale(delivery: Delivery) -> None:
    delivery.lines(FEEDBACK, lambda rows: [row for row in rows if row["given_at"] < "2025-06"])


@DAYS.fault("campaign_contacts", "the contacts of the newest campaign are missing")
def contacts_stale(delivery: Delivery) -> None:
    with delivery.table(CONTACTS) as table:
        table.rows = [row for row in table.rows if row["campaign"] != "K2506"]


@DAYS.fault("areas", "the areas of one country are missing")
def areas_missing(delivery: Delivery) -> None:
    with delivery.table(AREAS) as table:
        table.rows = [row for row in table.rows if not row["area"].startswith("AT")]


@DAYS.fault("store_tickets", "last month's tills are delivered again with half of their lines")
def last_month_corrected_to_half(delivery: Delivery) -> None:
    delivery.frame(POS_BEFORE, lambda frame: frame.filter(pl.col("receipt_no") % 2 == 0))
