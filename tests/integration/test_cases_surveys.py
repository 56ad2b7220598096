"""The pages of docs/cases/ on a bank, households, a brand and interests, held against what is published.

The runs are those of `conftest.py`, which other tests of the examples look at, too.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.integration.case_pages import PAGES, assert_page_holds, stated_cells
from tests.integration.conftest import EXAMPLE_DATES, Published
from tests.integration.corridor import ledger, partition

pytestmark = pytest.mark.real_data

#: Example and date (the first or the last published) by page.
CASES = {
    "financial-services.md": ("bank", -1),
    "households-campaigns.md": ("personality", 0),
    "brand-perceptions.md": ("perceptions", 0),
    "interests-lifestyle.md": ("interests", 0),
}
#: A row that begins with a construct and has its alpha as the first number with a point.
_RELIABILITY = re.compile(r"^\| (?P<name>\w+) \| [^|`]+ \| (?P<alpha>-?\d\.\d\d) \|", re.MULTILINE)


@pytest.mark.parametrize("page", CASES)
def test_segments_are_as_large_as_the_page_says(published: Published, page: str) -> None:
    example, place = CASES[page]
    assert_page_holds(page, published(example), EXAMPLE_DATES[example][place])


@pytest.mark.parametrize("page", ["brand-perceptions.md", "interests-lifestyle.md"])
def test_constructs_are_as_reliable_as_the_page_says(published: Published, page: str) -> None:
    stated = dict(_RELIABILITY.findall((PAGES / page).read_text(encoding="utf-8")))
    found = ledger(
        published(CASES[page][0]),
        "SELECT construct_name, printf('%.2f', cronbach_alpha) FROM monitoring.construct WHERE item_count > 1",
    )
    assert stated == dict(found)


def test_clients_of_the_bank_are_treated_as_the_page_says(published: Published) -> None:
    treated = partition(published("bank"), "customer_treatment", EXAMPLE_DATES["bank"][-1])
    counts = Counter(treated.select("segment_id", "channel_name").iter_rows())
    assert stated_cells("financial-services.md", "treatment of") == counts


def test_takers_of_the_bank_are_as_many_as_the_page_says(published: Published) -> None:
    text = (PAGES / "financial-services.md").read_text(encoding="utf-8")
    stated = dict(re.findall(r"^\| `((?:life|goals)\.\w+)` \| [^|]+ \| [^|]+ \| ([\d,]+) \|", text, re.MULTILINE))
    memberships = partition(published("bank"), "customer_segment", EXAMPLE_DATES["bank"][-1])
    takers = memberships.filter(memberships["segment_id"] == "campaigns.takers").select("customer_id")
    theirs = Counter(memberships.join(takers, on="customer_id", how="semi")["segment_id"])
    assert stated == {segment: f"{theirs[segment]:,}" for segment in stated}
    assert len(stated) == 10


def test_projections_are_worth_what_the_page_says(published: Published) -> None:
    """The page quotes what the ledger says of each projection, word by word."""
    page: Path = PAGES / "interests-lifestyle.md"
    text = " ".join(page.read_text(encoding="utf-8").split())
    decisions = dict(
        ledger(
            published("interests"),
            "SELECT segmentation_id, decision FROM segments.model WHERE segmentation_id LIKE '%everyone'"
            " OR segmentation_id = 'style_by_demographics'",
        )
    )
    assert len(decisions) == 4
    assert {name: decision for name, decision in decisions.items() if decision not in text} == {}
