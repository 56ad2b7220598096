"""Forms of an export: nothing that a spreadsheet would compute, nothing that others may read."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import pytest

from tasks.config.errors import OutputError
from tasks.erasure.export import text_of, write

HELD = {
    "customer": {"customer_id": "anna"},
    "raw.crm": [
        {"name": "=HYPERLINK(1)", "phone": "+49 1", "at": "@x", "t": "\tx", "c": "\rx", "m": "-x", "net": -5.5}
    ],
    "reasons": [{"why": [{"rule": "a"}, "b"], "none": None}],
}


def test_a_spreadsheet_finds_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(text_of(HELD, "csv"), newline="")))
    assert rows[0] == ["part", "row", "column", "value"]
    values = {(part, column): value for part, _, column, value in rows[1:]}
    for column, value in (("name", "'=HYPERLINK(1)"), ("phone", "'+49 1"), ("at", "'@x"), ("t", "'\tx"), ("m", "'-x")):
        assert values["raw.crm", column] == value
    assert values["raw.crm", "c"] == "'\rx"
    assert values["raw.crm", "net"] == "-5.5"
    assert values["reasons", "why.1.rule"] == "a"
    assert values["reasons", "why.2"] == "b"
    assert values["reasons", "none"] == ""


def test_json_is_as_it_is() -> None:
    assert json.loads(text_of(HELD, "json")) == HELD


def test_a_file_that_others_could_read_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_text("old")
    file.chmod(0o644)
    write(file, "new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["export.json"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write the export: No such file or directory"):
        write(tmp_path / "nowhere" / "export.json", "x")


def test_of_a_file_that_could_not_be_written_nothing_is_left(tmp_path: Path) -> None:
    # It cannot take the place of a folder, as it cannot be ended on a full disk.
    (tmp_path / "export.json").mkdir()
    with pytest.raises(OutputError, match="cannot write the export"):
        write(tmp_path / "export.json", "something of anna")
    assert [path.name for path in tmp_path.rglob("*")] == ["export.json"]
