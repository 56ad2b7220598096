from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from tasks.demo.draws import Draws
from tasks.demo.generator import generate_demo
from tasks.demo.orders import SLOTS, order_number
from tasks.demo.population import Customers, customers_of
from tests.unit.demo.read_exports import csv_rows, digests

REPOSITORY = Path(__file__).resolve().parents[3]


def _in_another_process(folder: Path, threads: int) -> None:
    code = (
        "import sys; from pathlib import Path; from tasks.demo.generator import generate_demo;"
        "generate_demo(Path(sys.argv[1]), customers=700, seed=3)"
    )
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads), "PYTHONHASHSEED": str(threads)}
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, cwd=REPOSITORY, env=environment)


def test_same_seed_same_bytes_on_any_number_of_threads(tmp_path: Path) -> None:
    for threads in (1, 4):
        _in_another_process(tmp_path / str(threads), threads)
    generate_demo(tmp_path / "here", customers=700, seed=3)
    here = digests(tmp_path / "here")
    assert len(here) == 18 + 18 + 18 + 8 + 7 + 4 + 1
    assert digests(tmp_path / "1") == here
    assert digests(tmp_path / "4") == here


def test_another_seed_gives_other_customers(tmp_path: Path) -> None:
    for seed in (1, 2):
        generate_demo(tmp_path / str(seed), customers=100, seed=seed)
    one, two = digests(tmp_path / "1"), digests(tmp_path / "2")
    same = {path for path in one if one[path] == two[path]}
    assert same == {"areas.csv", "campaigns.csv", "costs.csv", "truth/figures.json"}


def test_rows_do_not_depend_on_the_chunk(tmp_path: Path) -> None:
    whole = generate_demo(tmp_path / "whole", customers=1000)
    parts = generate_demo(tmp_path / "parts", customers=1000, chunk_customers=170)
    assert [(file.path, file.rows) for file in parts.files] == [(file.path, file.rows) for file in whole.files]
    assert parts.defects == whole.defects
    for file in whole.files:
        one, other = tmp_path / "whole" / file.path, tmp_path / "parts" / file.path
        assert _rows(one) == _rows(other), file.path


def _rows(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return sorted(map(str, pl.read_parquet(path).rows()))
    if path.suffix in {".jsonl", ".json"}:
        return sorted(path.read_text(encoding="utf-8").splitlines())
    return sorted(map(str, csv_rows(path)))


def test_a_customer_does_not_depend_on_the_others() -> None:
    draws = Draws(11)
    all_of_them, some = customers_of(draws, 1, 500), customers_of(draws, 201, 300)
    for name in Customers.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(all_of_them, name)[200:300], getattr(some, name), err_msg=name)


def test_order_numbers_can_be_undone() -> None:
    """What can be undone collides with nothing: here is the inverse, step by step, modulo 2^34."""
    bits = 34
    back = pow(0x2545F4915, -1, 1 << bits)
    for customer in (1, 2, 12_345, 9_999_999, 10_000_000):
        for slot in (0, 1, 899, SLOTS - 1):
            number = int(order_number(np.array([customer]), np.array([slot]))[0])
            assert 0 <= number < 1 << bits
            for _ in range(2):
                # Folding the upper half onto the lower twice gives back what there was.
                number ^= number >> (bits // 2)
                number = number * back % (1 << bits)
            assert divmod(number, SLOTS) == (customer, slot)


def test_order_numbers_of_neighbours_are_scattered() -> None:
    numbers = order_number(np.arange(1, 101, dtype=np.int64).repeat(SLOTS), np.tile(np.arange(SLOTS), 100))
    assert len(np.unique(numbers)) == len(numbers)
    # A tenth of the range each, within four standard errors of a fair draw.
    counts = np.bincount(numbers * 10 // (1 << 34), minlength=10)
    assert np.abs(counts - len(numbers) / 10).max() < 4 * np.sqrt(len(numbers) * 0.1 * 0.9)


def test_a_thousand_customers_take_seconds(tmp_path: Path) -> None:
    """Half a second on an idle core; the bound leaves room for a machine that is busy."""
    started = time.process_time()
    generate_demo(tmp_path / "data", customers=1000)
    assert time.process_time() - started < 5
