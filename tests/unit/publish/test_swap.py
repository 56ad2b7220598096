"""The swap: readers see the old publication or the new one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tasks.config.errors import OutputError
from tasks.publish import swap
from tasks.publish.swap import recover, swap_in


def folder(path: Path, text: str) -> Path:
    (path / "segment").mkdir(parents=True)
    for name in ("manifest.json", "segment/part-0.parquet"):
        (path / name).write_text(text)
    return path


def test_the_first_publication_is_put_in_place(tmp_path: Path) -> None:
    swap_in(folder(tmp_path / "new", "new"), tmp_path / "published")
    assert (tmp_path / "published" / "manifest.json").read_text() == "new"
    assert not (tmp_path / "new").exists()


def test_a_later_one_replaces_it_whole(tmp_path: Path) -> None:
    folder(tmp_path / "published", "old")
    (tmp_path / "published" / "gone.txt").write_text("old")
    swap_in(folder(tmp_path / "new", "new"), tmp_path / "published")
    assert sorted(path.name for path in (tmp_path / "published").iterdir()) == ["manifest.json", "segment"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["published"]


def test_without_an_exchange_two_renames_do_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "_exchange", lambda *_: False)
    folder(tmp_path / "published", "old")
    swap_in(folder(tmp_path / "new", "new"), tmp_path / "published")
    assert (tmp_path / "published" / "manifest.json").read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["published"]


def test_a_kill_between_two_renames_is_repaired(tmp_path: Path) -> None:
    folder(tmp_path / ".published.retired", "old")
    recover(tmp_path / "published")
    assert (tmp_path / "published" / "manifest.json").read_text() == "old"


def test_a_retired_folder_beside_a_publication_is_removed(tmp_path: Path) -> None:
    folder(tmp_path / ".published.retired", "old")
    folder(tmp_path / "published", "new")
    recover(tmp_path / "published")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["published"]


def test_a_reader_never_misses_a_file_nor_sees_a_mix(tmp_path: Path) -> None:
    """A reader that holds the folder open sees one publication, however often another is swapped in."""
    published = folder(tmp_path / "published", "0")
    stop = threading.Event()
    seen: list[tuple[str, str]] = []
    failures: list[OSError] = []

    def read() -> None:
        while not stop.is_set():
            try:
                held = os.open(published, os.O_RDONLY)
                try:
                    parts = []
                    for name in ("manifest.json", "segment/part-0.parquet"):
                        descriptor = os.open(name, os.O_RDONLY, dir_fd=held)
                        parts.append(os.read(descriptor, 100).decode())
                        os.close(descriptor)
                finally:
                    os.close(held)
                seen.append((parts[0], parts[1]))
            except FileNotFoundError as error:
                # The folder that was held has been removed meanwhile: the reader opens the path again.
                if not (published / "manifest.json").exists():
                    failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 60):
        swap_in(folder(tmp_path / "new", str(number)), published)
    stop.set()
    reader.join()
    assert not failures
    assert len({first for first, _ in seen}) > 1
    assert all(first == second for first, second in seen)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_an_error(tmp_path: Path) -> None:
    candidate = folder(tmp_path / "new", "new")
    (tmp_path / "place").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot publish"):
        swap_in(candidate, tmp_path / "place" / "published")


def test_the_exchange_works_on_this_system(tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux is known to have renameat2 here")
    first, second = folder(tmp_path / "a", "a"), folder(tmp_path / "b", "b")
    kind = subprocess.run(["stat", "-f", "-c", "%T", tmp_path], capture_output=True, text=True, check=True).stdout
    assert swap._exchange(first, second), f"no exchange on {kind.strip()}"
    assert (first / "manifest.json").read_text() == "b"
