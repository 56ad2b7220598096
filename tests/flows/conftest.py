"""What several tests of flows stand on."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from flows.cli import run_command
from tests.flows.backfilled import without_checks
from tests.flows.forgotten import DATES, E_MAIL, HIM, OTHER, PHONE, WORDS, write_company


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two dates of a company; a customer stands also in a message, a page, a log and what a killed run left.

    Tests that change it copy it.
    """
    folder = tmp_path_factory.mktemp("company")
    write_company(folder)
    with without_checks():
        for day in DATES:
            assert run_command(["run", "--quiet", "--as-of", day, "--workspace", str(folder)]) == 0
    output = folder / "out"
    with duckdb.connect(str(output / "warehouse.duckdb")) as connection:
        connection.execute(
            "INSERT INTO ops.notification (notification_no, body, sent_at) VALUES (1, ?, TIMESTAMP '2025-06-01')",
            [f"the row of {HIM.upper()} says {E_MAIL}"],
        )
    (output / "report").mkdir(exist_ok=True)
    (output / "report" / "index.html").write_text(f"<p>{WORDS[3].replace('&', '&amp;')}</p><p>{OTHER}</p>")
    (output / "run.log").write_text(json.dumps({"said": f"{PHONE} called"}))
    (output / ".building").mkdir(exist_ok=True)
    (output / ".building" / "half.bin").write_bytes(b"\xff" + E_MAIL.encode())
    (output / ".spill").mkdir(exist_ok=True)
    (output / ".spill" / "of_a_killed_run.tmp").write_bytes(b"\xff" + E_MAIL.encode())
    return folder
