"""What the pages of docs/cases/ state: sizes of segments and other counts, read from their tables.

Owns reading the pages. Does not own running a workspace (`corridor.py`), or what a segment should be.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from tests.integration.corridor import REPOSITORY, partition

PAGES = REPOSITORY / "docs" / "cases"
_SIZES = re.compile(r"^\| segment \| customers \|.*\n(?P<rows>(?:\|.*\n)+)", re.MULTILINE)
_SIZE = re.compile(r"^\| `(?P<segment>\w+\.\w+)` \| (?P<customers>[\d,]+) \|", re.MULTILINE)


def stated_sizes(page: str) -> dict[str, int]:
    """Customers by segment id, in every table of the page whose first columns are `segment` and `customers`.

    Raises:
        AssertionError: the page has no such table, or states a segment twice.
    """
    tables = _SIZES.findall((PAGES / page).read_text(encoding="utf-8"))
    found = [size for rows in tables for size in _SIZE.findall(rows)]
    assert found, f"{page} states no sizes of segments"
    sizes = {segment: int(customers.replace(",", "")) for segment, customers in found}
    assert len(sizes) == len(found), f"{page} states a segment twice"
    return sizes


def stated_cells(page: str, corner: str) -> dict[tuple[str, str], int]:
    """The numbers above zero of the table whose header begins with `corner`, by row and column; code marks left out.

    Raises:
        AssertionError: the page has no such table.
    """
    text = (PAGES / page).read_text(encoding="utf-8").replace("`", "")
    table = re.search(rf"^\| {re.escape(corner)} \|.*\n(?:\|.*\n)+", text, re.MULTILINE)
    assert table, f"{page} has no table that begins with {corner!r}"
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()]
    cells = {
        (row[0], column): int(cell.replace(",", ""))
        for row in rows
        for column, cell in zip(header[1:], row[1:], strict=True)
        if re.fullmatch(r"[\d,]+", cell)
    }
    return {key: count for key, count in cells.items() if count}


def published_sizes(output: Path, date: dt.date, segmentations: set[str]) -> dict[str, int]:
    """Customers of every published segment of these segmentations, empty ones with 0."""
    kpi = partition(output, "segment_kpi", date)
    rows = kpi.filter(kpi["as_of_date"] == date).select("segmentation_id", "segment_id", "customer_count").iter_rows()
    return {segment: count for segmentation, segment, count in rows if segmentation in segmentations}


def assert_page_holds(page: str, output: Path, date: dt.date) -> None:
    """The page states every segment of the segmentations it speaks of, and each of the size that is published."""
    stated = stated_sizes(page)
    assert stated == published_sizes(output, date, {segment.split(".")[0] for segment in stated})
