"""Reads a generated demo the way a stranger would: with Python's csv and Polars, knowing nothing of the generator."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from pathlib import Path

import polars as pl

TIME = "%Y-%m-%d %H:%M:%S"
HISTORY_YEARS = (2024, 2025)


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def csv_rows(path: Path, delimiter: str = ",") -> list[list[str]]:
    """All rows of a CSV file with its header, quotes resolved, whatever their length."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def data_rows(path: Path) -> int:
    """Rows of a file of any format of the demo, without a header."""
    if path.suffix == ".parquet":
        return len(pl.read_parquet(path))
    if path.suffix == ".jsonl":
        return len(path.read_bytes().splitlines())
    return len(csv_rows(path, ";" if path.name.startswith("crm") else ",")) - 1


def web_text(folder: Path) -> tuple[pl.DataFrame, list[list[str]]]:
    """Lines of the web shop as text with the month of their file, and the lines of a wrong length."""
    good: list[list[str]] = []
    wrong: list[list[str]] = []
    header: list[str] = []
    for path in sorted((folder / "orders").glob("orders_*.csv.gz")):
        header, *rows = csv_rows(path)
        month = path.name.removeprefix("orders_").removesuffix(".csv.gz")
        good += [[*row, month] for row in rows if len(row) == len(header)]
        wrong += [row for row in rows if len(row) != len(header)]
    return pl.DataFrame(good, schema=[*header, "month"], orient="row"), wrong


def web_typed(text: pl.DataFrame) -> pl.DataFrame:
    """The same with times and numbers; what cannot be read is null."""
    return text.with_columns(
        pl.col("ordered_at").str.to_datetime(TIME, strict=False),
        pl.col("position", "quantity").cast(pl.Int64, strict=False),
        pl.col("unit_price", "discount").cast(pl.Float64, strict=False),
    )


def crm(folder: Path, name: str = "crm_customers.csv") -> pl.DataFrame:
    """Records of the CRM with dates and numbers."""
    text = pl.read_csv(folder / name, separator=";", infer_schema=False)
    return text.with_columns(
        pl.col("Geburtsdatum", "Kunde_seit").str.to_date("%d.%m.%Y"),
        pl.col("Geaendert_am").str.to_datetime("%d.%m.%Y %H:%M"),
        pl.col("Jahreseinkommen").str.replace(",", ".").cast(pl.Float64),
        pl.col("Haushaltsgroesse", "Kinder").cast(pl.Int64),
    )


def good_lines(folder: Path) -> pl.DataFrame:
    """Lines of both systems under one set of names: each once, without those that no reader can take in."""
    text, _ = web_text(folder)
    web = (
        web_typed(text)
        .filter(pl.col("order_no") != "")
        .select(
            order="order_no",
            line="position",
            customer="customer",
            at="ordered_at",
            channel="channel",
            product="product",
            category="category",
            quantity="quantity",
            price="unit_price",
            discount="discount",
        )
    )
    pos = pl.read_parquet(folder / "pos" / "pos_*.parquet").select(
        order=pl.format("P{}{}", "receipt_no", pl.col("doc_type").replace({"SALE": "", "REFUND": "-R"})),
        line=pl.col("pos_line").cast(pl.Int64),
        customer=pl.format("C{}", pl.col("card_no").cast(pl.String).str.zfill(7)),
        at="sold_at",
        channel=pl.lit("store"),
        product="article",
        category="department",
        quantity=pl.col("units").cast(pl.Int64),
        price="price",
        discount="rebate",
    )
    both = pl.concat([web, pos]).drop_nulls(["order", "at", "quantity"]).filter(pl.col("price") >= 0)
    return both.filter(pl.col("at").dt.year().is_in(HISTORY_YEARS)).unique()
