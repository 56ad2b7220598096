"""The example ecommerce, published once and held against its page in docs/cases/.

Pages of the other examples are held against runs that their own tests make (`test_retail.py`, `test_grocery.py`,
`test_demo.py`).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from tests.integration.case_pages import assert_page_holds, stated_cells, stated_sizes
from tests.integration.corridor import EXAMPLES, partition, run_corridor

AUGUST = dt.date(2011, 8, 31)
PAGE = "ecommerce-frequency.md"


@pytest.fixture(scope="module")
def ecommerce(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("ecommerce") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESEGMENT_TEST_DATA", str(test_data.resolve()))
        run_corridor(EXAMPLES / "ecommerce", AUGUST, output)
    return output


@pytest.mark.real_data
def test_ecommerce_is_as_its_page_says(ecommerce: Path) -> None:
    assert_page_holds(PAGE, ecommerce, AUGUST)


@pytest.mark.real_data
def test_who_gets_what_is_as_the_page_says(ecommerce: Path) -> None:
    treated = partition(ecommerce, "customer_treatment", AUGUST)
    counts = Counter(treated.select("segment_id", "channel_name").iter_rows())
    assert stated_cells(PAGE, "treatment of") == counts


def test_a_page_that_differs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.integration.case_pages.PAGES", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("| segment | customers |\n|---|---:|\n| `a.b` | 1,200 |\n| `a.c` | 0 |\n")
    assert stated_sizes("page.md") == {"a.b": 1200, "a.c": 0}
    assert stated_cells("page.md", "segment") == {("a.b", "customers"): 1200}
    page.write_text("| segment | customers |\n|---|---:|\n| `a.b` | 1 |\n| `a.b` | 2 |\n")
    with pytest.raises(AssertionError, match="twice"):
        stated_sizes("page.md")
    with pytest.raises(AssertionError, match="has no table"):
        stated_cells("page.md", "treatment of")
    page.write_text("nothing\n")
    with pytest.raises(AssertionError, match="states no sizes"):
        stated_sizes("page.md")
