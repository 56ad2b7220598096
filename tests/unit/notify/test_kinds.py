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
    told = "KINDS of tasks/notify/kinds.py and AlertKind of tasks/config/alert_kinds.py name the same, in order"
    assert tuple(KINDS) == get_args(AlertKind), told


@pytest.mark.parametrize("kind", get_args(AlertKind))
def test_each_leads_to_a_page_and_a_command(kind: AlertKind) -> None:
    told = KINDS[kind]
    assert (RUNBOOKS / f"{told.runbook}.md").is_file(), f"write docs/runbooks/{told.runbook}.md"
    rows = (RUNBOOKS / "README.md").read_text("utf-8").splitlines()
    listed = [row for row in rows if row.startswith(f"| `{kind}` |") and f"]({told.runbook}.md)" in row]
    assert listed, f"add a row of `{kind}` with a link to {told.runbook}.md to docs/runbooks/README.md"
    program, *arguments = told.command.split()
    assert program == "resegment"
    assert build_parser().parse_args(arguments).command == arguments[0]
