from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.config.errors import OutputError, UsageError
from tasks.demo import generator
from tasks.demo.generator import generate_demo
from tasks.demo.manifest import GENERATOR_VERSION, MANIFEST_NAME, read_manifest
from tests.unit.demo.conftest import Demo
from tests.unit.demo.read_exports import data_rows, digests


def test_manifest_counts_the_rows_of_every_file(demo: Demo) -> None:
    on_disk = {str(path.relative_to(demo.folder)) for path in demo.folder.rglob("*") if path.is_file()}
    assert {file.path for file in demo.manifest.files} == on_disk - {MANIFEST_NAME}
    for file in demo.manifest.files:
        assert (demo.folder / file.path).stat().st_size == file.bytes, file.path
        if not file.path.endswith(".json"):
            assert data_rows(demo.folder / file.path) == file.rows, file.path


def test_about_twenty_lines_a_customer(demo: Demo) -> None:
    lines = demo.manifest.rows_of("web_orders") + demo.manifest.rows_of("store_tickets")
    assert 18 < lines / demo.manifest.customers < 22


def test_manifest_is_read_back(demo: Demo) -> None:
    again = read_manifest(demo.folder)
    assert again == demo.manifest
    assert again is not None
    assert again.agrees(customers=demo.manifest.customers, seed=demo.manifest.seed)
    assert not again.agrees(customers=demo.manifest.customers, seed=1)
    assert not again.agrees(customers=1, seed=demo.manifest.seed)


def test_no_manifest_where_the_demo_is_not_whole(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None
    folder = tmp_path / "data"
    generate_demo(folder, customers=100)
    text = (folder / MANIFEST_NAME).read_text(encoding="utf-8")
    for broken in (
        text.replace(f'"generator_version": {GENERATOR_VERSION}', '"generator_version": 0'),
        text.replace('"seed"', '"sead"'),
        text.replace("resegment demo", "something else"),
        text[:-40],
        "[]",
    ):
        assert broken != text
        (folder / MANIFEST_NAME).write_text(broken, encoding="utf-8")
        assert read_manifest(folder) is None
    (folder / MANIFEST_NAME).write_text(text, encoding="utf-8")
    assert read_manifest(folder) is not None
    (folder / "areas.csv").write_text("area\n", encoding="utf-8")
    assert read_manifest(folder) is None
    (folder / "areas.csv").unlink()
    assert read_manifest(folder) is None


def test_progress_is_told_after_each_chunk(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    generate_demo(
        tmp_path / "data", customers=250, chunk_customers=100, progress=lambda done, all_: told.append((done, all_))
    )
    assert told == [(100, 250), (200, 250), (250, 250)]


@pytest.mark.parametrize(
    ("customers", "seed", "chunk", "said"),
    [
        (99, 1, 1, "99 customers"),
        (10_000_001, 1, 1, "10,000,001 customers"),
        (100, -1, 1, "seed is -1"),
        (100, 1, 0, "chunk of 0"),
    ],
)
def test_parameters_out_of_range(tmp_path: Path, customers: int, seed: int, chunk: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        generate_demo(tmp_path / "data", customers=customers, seed=seed, chunk_customers=chunk)
    assert list(tmp_path.iterdir()) == []


def test_an_older_demo_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    generate_demo(folder, customers=150)
    (folder / "orders" / "orders_1999-01.csv.gz").write_bytes(b"left over")
    generate_demo(folder, customers=120)
    generate_demo(tmp_path / "fresh", customers=120)
    assert digests(folder) == digests(tmp_path / "fresh")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "fresh"]


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "mine.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(OutputError, match="did not write"):
        generate_demo(folder, customers=100)
    assert [path.name for path in folder.iterdir()] == ["mine.csv"]
    with pytest.raises(OutputError, match="is a file"):
        generate_demo(folder / "mine.csv", customers=100)


def test_an_empty_folder_and_missing_parents_are_fine(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    generate_demo(tmp_path / "empty", customers=100)
    generate_demo(tmp_path / "a" / "b", customers=100)
    assert digests(tmp_path / "empty") == digests(tmp_path / "a" / "b")


def test_a_failure_leaves_the_older_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    generate_demo(folder, customers=100)
    before = digests(folder)

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(generator, "feedback_frame", full_disk)
    with pytest.raises(OutputError, match="No space left on device"):
        generate_demo(folder, customers=200)
    assert digests(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_manifest_is_plain_json(demo: Demo) -> None:
    tree = json.loads((demo.folder / MANIFEST_NAME).read_text(encoding="utf-8"))
    assert (tree["customers"], tree["seed"]) == (demo.manifest.customers, demo.manifest.seed)
    assert {"source", "kind", "column", "outcome", "rows"} == set(tree["defects"][0])
