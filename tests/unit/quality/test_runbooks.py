"""The queries of the runbooks run on a warehouse as it stands after a run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tasks.warehouse.run import Run

_PAGES = sorted((Path(__file__).resolve().parents[3] / "docs" / "runbooks").glob("*.md"))
_QUERY = re.compile(r"^```sql\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def _queries() -> list[Any]:
    return [
        pytest.param(query, id=f"{page.stem}-{number}")
        for page in _PAGES
        for number, query in enumerate(_QUERY.findall(page.read_text(encoding="utf-8")), 1)
    ]


@pytest.mark.parametrize("page", [page for page in _PAGES if page.name != "README.md"], ids=lambda page: page.stem)
def test_every_runbook_shows_how_to_look_closer(page: Path) -> None:
    assert _QUERY.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("query", _queries())
def test_queries_run(whole_run: Run, query: str) -> None:
    whole_run.warehouse.rows(query)
