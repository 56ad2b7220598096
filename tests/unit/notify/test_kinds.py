"""Every kind of alert has a meaning, a runbook and a command that exists."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from flows.arguments import build_parser
from tasks.config.alert_kinds import AlertKind
from tasks.notify.kinds import KINDS

RUNBOOKS = Path(__file__).resolve().parents[3] / "docs" / "runbooks"


def test_the_list_is_complete() -> None:
    assert tuple(KINDS) == get_args(AlertKind)


@pytest.mark.parametrize("kind", get_args(AlertKind))
def test_each_leads_to_a_page_and_a_command(kind: AlertKind) -> None:
    told = KINDS[kind]
    page = (RUNBOOKS / f"{told.runbook}.md").read_text(encoding="utf-8")
    assert "## What is still published" in page
    rows = (RUNBOOKS / "README.md").read_text("utf-8").splitlines()
    assert [row for row in rows if row.startswith(f"| `{kind}` |") and f"]({told.runbook}.md)" in row]
    program, *arguments = told.command.split()
    assert program == "resegment"
    assert build_parser().parse_args(arguments).command == arguments[0]
