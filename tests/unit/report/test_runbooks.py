"""Runbooks on the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tasks.report import runbooks as room
from tasks.report.runbooks import runbooks
from tests.unit.report.parsed_page import ParsedPage

_SHIPPED = [
    f"runbooks/{page.name}" for page in (Path(__file__).resolve().parents[3] / "docs/runbooks").glob("[a-z]*.md")
]
PAGE = """# A title

## What happened

Rows & *more* `a < b`
went on a second line, see [nothing](nothing-there.md) and **mind** [the rest](../how-to/x.md).

```sql
SELECT 1

FROM x WHERE a < 2
```

- one `x`
  and its second line
- two

1. first
2. second
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "made.md").write_text(PAGE)
    (tmp_path / "runbooks" / "nothing-there.md").write_text("# Nothing there\n")
    monkeypatch.setattr(room, "shipped", lambda name: tmp_path if name == "docs" else None)
    return "runbooks/made.md"


def test_what_runbooks_are_written_in_becomes_html(made: str) -> None:
    book = runbooks([made])[made]
    assert (book.title, book.anchor) == ("A title", "runbook-made")
    assert book.body.startswith(
        "<h4>What happened</h4>\n<p>Rows &amp; *more* <code>a &lt; b</code> went on a second line, see nothing and"
        " <strong>mind</strong> the rest.</p>\n"
    )
    assert '<pre tabindex="0"><code>SELECT 1\n\nFROM x WHERE a &lt; 2</code></pre>' in book.body
    assert "<ul><li>one <code>x</code> and its second line</li><li>two</li></ul>" in book.body
    assert "<ol><li>first</li><li>second</li></ol>" in book.body


def test_a_link_leads_to_a_runbook_that_the_page_has(made: str) -> None:
    books = runbooks([made, "runbooks/nothing-there.md", made])
    assert list(books) == [made, "runbooks/nothing-there.md"]
    assert '<a href="#runbook-nothing-there">nothing</a>' in books[made].body


@pytest.mark.parametrize(
    "name", ["", "runbooks/none.md", "runbooks/../made.md", "https://x.example", "../docs/made.md"]
)
def test_what_is_no_page_of_ours_is_left_out(made: str, name: str) -> None:
    assert made
    assert runbooks([name]) == {}


@pytest.mark.parametrize("name", _SHIPPED)
def test_shipped_pages_are_whole(name: str) -> None:
    book = runbooks([name])[name]
    page = ParsedPage(str(book.body))
    assert page.tags.count("h4") == 6
    assert page.tags.count("pre") >= 1
    outside_code = re.sub(r"<(pre|code).*?</\1>", "", str(book.body), flags=re.DOTALL)
    assert not re.search(r"```|^#|\]\(|`", outside_code, re.MULTILINE)
