"""Four months of UCI Online Retail through the whole corridor, counted again by hand from the file."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from tasks.warehouse.summary import RunSummary
from tests.integration.case_pages import assert_page_holds
from tests.integration.corridor import (
    EXAMPLES,
    REPOSITORY,
    ledger,
    partition,
    partition_digests,
    rows,
    run_corridor,
    run_earlier,
)
from tests.integration.hand_rfm import rfm

pytestmark = pytest.mark.real_data

MONTHS = tuple(dt.date(2011, month, day) for month, day in ((3, 31), (5, 31), (7, 31), (8, 31)))
LAST = MONTHS[-1]
#: Codes of postage, fees, vouchers and corrections; every other code is a product.
NO_PRODUCT = {"POST", "DOT", "M", "C2", "S", "D", "AMAZONFEE", "BANK CHARGES", "B", "CRUK"}


@dataclass(frozen=True, slots=True)
class Retail:
    """Four published months; `staged` holds rows, customers and amount of the staging tables after each."""

    output: Path
    export: Path
    csv: pl.DataFrame
    lines: pl.DataFrame
    summaries: dict[dt.date, RunSummary]
    staged: dict[dt.date, tuple[int, int, float]]


@pytest.fixture(scope="module")
def retail(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retail]:
    export = test_data.resolve() / "online_retail" / "online_retail_dev_2010-12_2011-08.csv.gz"
    if not export.is_file():
        pytest.skip(f"no Online Retail data at {export}")
    output = tmp_path_factory.mktemp("retail") / "out"
    summaries, staged = {}, {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESEGMENT_TEST_DATA", str(test_data.resolve()))
        for month in MONTHS:
            run = run_corridor if month == LAST else run_earlier
            summaries[month] = run(EXAMPLES / "retail", month, output, "engine.threads=2")
            staged[month] = ledger(
                output,
                "SELECT (SELECT count(*) FROM staging.order_lines), (SELECT count(*) FROM staging.customers),"
                " (SELECT CAST(sum(net_amount) AS DOUBLE) FROM staging.orders)",
            )[0]
        csv = pl.read_csv(export, infer_schema=False)
        yield Retail(output, export, csv, by_hand(csv), summaries, staged)


def by_hand(csv: pl.DataFrame) -> pl.DataFrame:
    """Every line once, without those of a negative price; money in tenths of a cent."""
    is_product = ~(
        pl.col("StockCode").str.to_uppercase().is_in(NO_PRODUCT) | pl.col("StockCode").str.starts_with("gift_")
    )
    is_back = pl.col("Quantity").str.starts_with("-")
    return (
        csv.unique()
        .filter(~pl.col("UnitPrice").str.starts_with("-"))
        .select(
            customer_id=pl.col("CustomerID").str.split(".").list.first(),
            order_id="InvoiceNo",
            at=pl.col("InvoiceDate").str.to_datetime("%Y-%m-%d %H:%M:%S"),
            country="Country",
            is_bought=is_product & ~is_back,
            is_back=is_product & is_back,
            amount=pl.col("Quantity").cast(pl.Int64).abs()
            * (pl.col("UnitPrice").cast(pl.Float64) * 1000).round().cast(pl.Int64),
        )
    )


def until(lines: pl.DataFrame, month: dt.date) -> pl.DataFrame:
    return lines.filter(pl.col("at") < dt.datetime.combine(month + dt.timedelta(days=1), dt.time()))


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_every_row_of_the_file_is_loaded_or_quarantined(retail: Retail, month: dt.date) -> None:
    bad = retail.csv.filter(pl.col("UnitPrice").cast(pl.Float64) < 0).height
    counts = (retail.csv.height, retail.csv.height - bad, bad)
    assert counts == (320_705, 320_703, 2)
    run = partition(retail.output, "run", month)
    assert run.select("rows_read_count", "rows_loaded_count", "rows_quarantined_count").rows() == [counts]
    (told,) = retail.summaries[month]["sources"]
    assert (told["read"], told["loaded"], told["quarantined"]) == counts


def test_the_quarantine_names_row_value_and_reason(retail: Retail) -> None:
    expected = [
        (number, "unit_price_amount", price, "row")
        for number, price in enumerate(retail.csv["UnitPrice"], 1)
        if price.startswith("-")
    ]
    found = ledger(
        retail.output,
        "SELECT row_number, column_name, value_text, action_name, reason FROM ops.quarantine"
        " JOIN raw.quarantined_value USING (load_id, row_number, column_name) ORDER BY row_number",
    )
    assert [row[:4] for row in found] == expected
    assert all(reason.startswith("expected zero") for *_, reason in found)


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_staging_counts_every_line_of_the_past_once(retail: Retail, month: dt.date) -> None:
    seen = until(retail.lines, month)
    named = seen.drop_nulls("customer_id")
    net = int(named.filter("is_bought")["amount"].sum()) - int(named.filter("is_back")["amount"].sum())
    staged_lines, staged_customers, staged_net = retail.staged[month]
    assert staged_lines == seen.height
    assert staged_customers == named["customer_id"].n_unique()
    assert staged_net == pytest.approx(net / 1000, abs=1e-6)


def test_exact_duplicates_of_the_export_are_dropped(retail: Retail) -> None:
    repeats = retail.csv.height - retail.csv.unique().height
    assert repeats == 2_483
    (loaded,) = ledger(retail.output, "SELECT count(*) FROM raw.sales__order_lines")[0]
    assert loaded - retail.staged[LAST][0] == repeats


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_rfm_recomputed_by_hand_is_what_is_published(retail: Retail, month: dt.date) -> None:
    published = partition(retail.output, "customer_segment", month).filter(pl.col("segmentation_id") == "rfm")
    expected = rfm(retail.lines, month)
    assert expected.height > 2000
    assert published["segment_id"].n_unique() > 8
    assert published.select("customer_id", "segment_id", "reason").sort("customer_id").equals(expected)


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_country_of_most_orders_is_the_region(retail: Retail, month: dt.date) -> None:
    regions = {
        "United Kingdom": "uk",
        "EIRE": "ireland",
        **dict.fromkeys(("Germany", "Austria", "Switzerland"), "dach"),
        **dict.fromkeys(("France", "Belgium", "Netherlands"), "france_benelux"),
        **dict.fromkeys(("Unspecified", "European Community"), "unknown"),
    }
    orders = until(retail.lines, month).drop_nulls("customer_id").unique(["customer_id", "order_id", "country"])
    # "Unspecified" is no country: it decides only where nothing else is said.
    most = (
        orders.with_columns(is_named=~pl.col("country").is_in(["Unspecified", "European Community"]))
        .group_by("customer_id", "country", "is_named")
        .len()
        .sort("customer_id", "is_named", "len", "country", descending=[False, True, True, False])
        .unique("customer_id", keep="first", maintain_order=True)
    )
    expected = most.select(
        "customer_id", segment_id="region." + pl.col("country").replace_strict(regions, default="elsewhere")
    )
    published = partition(retail.output, "customer_segment", month).filter(pl.col("segmentation_id") == "region")
    assert published.select("customer_id", "segment_id").sort("customer_id").equals(expected.sort("customer_id"))


@pytest.mark.parametrize("month", [MONTHS[2], LAST], ids=str)
def test_history_tells_what_the_months_told(retail: Retail, month: dt.date) -> None:
    """Intervals rebuilt from the monthly tables; in this data customers pause in a segment and come back."""
    told = MONTHS[: MONTHS.index(month) + 1]
    months: dict[tuple[str, str], list[int]] = {}
    for position, one in enumerate(told):
        for key in partition(retail.output, "customer_segment", one).select("customer_id", "segment_id").iter_rows():
            months.setdefault(key, []).append(position)
    expected = []
    for (customer, segment), there in months.items():
        starts = [position for position in there if position - 1 not in there]
        ends = [position for position in there if position + 1 not in there]
        expected += [
            (customer, segment, told[start], told[end + 1] if end + 1 < len(told) else None)
            for start, end in zip(starts, ends, strict=True)
        ]
    history = partition(retail.output, "customer_segment_history", month)
    assert len(expected) > len(months), "nobody came back to a segment: the test would not see a broken interval"
    columns = ("customer_id", "segment_id", "valid_from", "valid_to")
    assert sorted(history.select(columns).iter_rows(), key=str) == sorted(expected, key=str)


def test_clusters_keep_their_ids_and_their_meaning(retail: Retail) -> None:
    """Same ids, names and start in all months, and the same cluster leads in each feature that they were made of."""
    features = ("order_90d_count", "average_order_amount", "units_per_order", "lines_per_order")
    described, leaders = set(), set()
    for month in MONTHS:
        segments = partition(retail.output, "segment", month).filter(pl.col("segmentation_id") == "buying")
        assert set(segments["status_name"]) == {"active"}
        described.add(tuple(segments.sort("segment_id").select("segment_id", "segment_name", "since_date").iter_rows()))
        profile = partition(retail.output, "segment_profile", month).filter(
            pl.col("as_of_date") == month, pl.col("segmentation_id") == "buying"
        )
        means = {name: profile.filter(pl.col("feature_name") == name).sort("mean_value") for name in features}
        leaders.add(tuple(frame["segment_id"][-1] for frame in means.values()))
    assert len(described) == len(leaders) == 1
    (segments_of_all_months,) = described
    assert len(segments_of_all_months) >= 2
    assert {since for _, _, since in segments_of_all_months} == {MONTHS[0]}


def test_the_run_table_holds_no_clock_values(retail: Retail) -> None:
    run = partition(retail.output, "run", LAST)
    assert run.filter(pl.col("as_of_date") == LAST).height == 1
    moments = [name for name, kind in run.schema.items() if isinstance(kind, pl.Datetime | pl.Time)]
    assert moments == ["known_as_of"]
    assert run["known_as_of"].null_count() == run.height
    days = {day for name, kind in run.schema.items() if kind == pl.Date for day in run[name].drop_nulls()}
    assert days <= set(MONTHS)
    # A clock would have put this year into a text; digests may hold any digits.
    texts = run.select(pl.col(pl.String).exclude("^.*_sha256$", "^.*run_id$"))
    assert str(dt.datetime.now(dt.UTC).year) not in str(texts.to_dicts())


_ELSEWHERE = """
import datetime, pathlib, sys
from tests.integration.corridor import run_earlier

for month in sys.argv[1:]:
    run_earlier(pathlib.Path(), datetime.date.fromisoformat(month), pathlib.Path("out"), "engine.threads=1")
"""


def test_a_repeat_in_a_new_folder_is_byte_identical(retail: Retail, tmp_path: Path) -> None:
    """Another folder, another process with another hash seed, one thread instead of two."""
    workspace = tmp_path / "elsewhere"
    workspace.mkdir()
    shutil.copy(EXAMPLES / "retail" / "resegment.yaml", workspace)
    done = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, *map(str, MONTHS[:2])],
        cwd=workspace,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONHASHSEED": "2011",
            "RESEGMENT_TEST_DATA": str(retail.export.parents[1]),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    first = partition_digests(retail.output, *MONTHS[:2])
    assert len(first) == 38
    assert partition_digests(workspace / "out") == first


def test_running_a_month_again_changes_nothing(retail: Retail, tmp_path: Path) -> None:
    """A month in the middle, so that later ones are there; from two copies of the file under other names."""
    output = tmp_path / "out"
    shutil.copytree(retail.output, output)
    for name in ("copy_1.csv.gz", "copy_2.csv.gz"):
        shutil.copy(retail.export, tmp_path / name)
    before = partition_digests(output)
    month = MONTHS[2]
    summary = run_earlier(
        EXAMPLES / "retail", month, output, "engine.threads=2", f"sources.sales.path={tmp_path}/copy_*.csv.gz"
    )
    assert summary["run_id"] == retail.summaries[month]["run_id"]
    assert partition_digests(output) == before
    database = "published/published.duckdb"
    for table in ("customer_segment", "customer_segment_history", "segment_change", "run"):
        sql = f"SELECT * FROM {table} ORDER BY ALL"
        assert rows(output / database, sql) == rows(retail.output / database, sql)
    for counted in ("ops.load", "raw.sales__order_lines", "ops.quarantine"):
        sql = f"SELECT count(*) FROM {counted}"
        assert ledger(output, sql) == ledger(retail.output, sql)
    assert ledger(output, "SELECT count(*) FROM ops.run WHERE status_name = 'published'") == [(len(MONTHS) + 1,)]


def test_the_page_of_the_case_states_what_is_published(retail: Retail) -> None:
    assert_page_holds("retail-value-tiers.md", retail.output, LAST)
