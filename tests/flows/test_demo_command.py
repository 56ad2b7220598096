"""`resegment demo`: a company of the size that is asked for, and the same company for every command after it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flows import commands
from tests.flows.test_cli import resegment


def test_a_small_demo_is_published_and_its_file_says_what_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "DEMO_DATES", commands.DEMO_DATES[-1:])
    resegment("demo", "--customers", "100", "--seed", "7", "--directory", "small", cwd=tmp_path)
    assert (tmp_path / "small" / "out" / "published" / "published.duckdb").exists()
    said = (tmp_path / "small" / "resegment.yaml").read_text()
    assert yaml.safe_load(said)["generate"] == {"into": "data", "customers": 100, "seed": 7}

    refused = resegment("demo", "--customers", "99", "--directory", "small", cwd=tmp_path, code=2)
    assert "expected 100 or more" in refused.stderr
    assert (tmp_path / "small" / "resegment.yaml").read_text() == said
