"""Who is meant by what `forget` is asked: under which key, and with which blanks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flows.forget_command import asked_for
from tests.flows.forgotten import HIM, command


def test_another_key_than_that_of_what_is_published_is_refused(
    company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """His pseudonym would be another one: what is published of him would stay, and be told to be gone."""
    folder = tmp_path / "company"
    shutil.copytree(company, folder)
    monkeypatch.setenv("RESEGMENT_PSEUDONYM_KEY", "k" * 16)
    with (folder / "resegment.yaml").open("a") as file:
        file.write("privacy: {pseudonymise: true, key: '${RESEGMENT_PSEUDONYM_KEY}'}\n")
    for arguments in (("forget", HIM, "--yes"), ("forget", HIM, "--dry-run"), ("export", HIM), ("explain", HIM)):
        told = command(folder, *arguments, code=2)
        assert "customer ids would be pseudonyms under key" in told
        assert "are plain" in told
    assert not (folder / "out" / "erasures.jsonl").exists()


def test_an_id_is_meant_as_it_is_given_and_in_a_file_without_blanks_around_it(tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes("\ufeffa\r\n\r\n  b  \r\na\r\n   \r\n".encode())
    assert asked_for(["c ", "c", "a", " "], str(tmp_path / "ids")) == ["c ", "c", "a", "b"]
