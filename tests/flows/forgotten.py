"""A company of which somebody asks to be forgotten: who he is, and everywhere he stands."""

from __future__ import annotations

import contextlib
import io
import random
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml

from flows.cli import run_command
from tests.workspaces import small_workspace

DATES = ("2025-04-30", "2025-05-31")
NEXT = "2025-06-30"
HIM, OTHER = "cust-07", "cust-08"
E_MAIL, PHONE, NAME = "anton.erased@example.org", "+49 170 5550107", "Anton 'Toni' Erased & Sons"
#: What must not be found of him, and what another one wrote of him.
WORDS = (HIM, E_MAIL, PHONE, NAME, "my parcel went to the wrong Anton")
CUSTOMERS = 40


def write_company(folder: Path) -> None:
    """Files of a company with customers, orders and feedback, and its workspace."""
    draw = random.Random(7)  # noqa: S311 - made-up orders, no secret
    people = ["id;name;mail;phone"]
    for n in range(CUSTOMERS):
        known = (
            (NAME, E_MAIL, PHONE) if n == 7 else (f"Person Number {n}", f"p{n}@example.org", f"+49 170 555{9000 + n}")
        )
        people.append(";".join((f"cust-{n:02}", *known)))
    (folder / "people.csv").write_text("\n".join(people) + "\n")
    lines = ["order,line,customer,at,product,category,units,price"]
    lines += [
        f"o{n},1,cust-{n % CUSTOMERS:02},2025-0{1 + n % 6}-{1 + draw.randrange(28):02} 10:00:00,p{n % 5},"
        f"{draw.choice(('bread', 'wine'))},{draw.randint(1, 4)},{draw.randint(1, 9)}.50"
        for n in range(400)
    ]
    # Kept out: a price below zero, and a line that is no row.
    lines += [
        f"o900,1,{HIM},2025-02-01 10:00:00,p1,bread,1,-1.00",
        f"o901,1,{HIM},2025-02-02 10:00:00,p1,bread,1,1.00,9",
    ]
    (folder / "orders.csv").write_text("\n".join(lines) + "\n")
    told = [
        "no,customer,at,stars,comment",
        f"f1,{HIM},2025-03-01 10:00:00,2,{WORDS[4]}",
        f"f2,{OTHER},2025-03-02 10:00:00,4,ask {E_MAIL} about it",
        f"f3,{OTHER},2025-03-03 10:00:00,5,all is well here",
    ]
    (folder / "feedback.csv").write_text("\n".join(told) + "\n")
    (folder / "resegment.yaml").write_text(yaml.safe_dump(workspace(), sort_keys=False))


def workspace() -> dict[str, Any]:
    """The workspace as YAML would give it."""
    tree: dict[str, Any] = small_workspace()
    tree["quality"] = {"max_quarantined_share": 0.05}
    tree["sources"] |= {
        "people": {
            "entity": "customers",
            "format": "csv",
            "path": "people.csv",
            "options": {"delimiter": ";"},
            "columns": {"customer_id": "id", "full_name": "name", "email_address": "mail", "phone_number": "phone"},
        },
        "voices": {
            "entity": "feedback",
            "format": "csv",
            "path": "feedback.csv",
            "columns": {
                "feedback_id": "no",
                "customer_id": "customer",
                "given_at": '"at"',
                "rating": "stars",
                "comment_text": "comment",
            },
        },
    }
    return tree


def command(folder: Path, *arguments: str, code: int = 0) -> str:
    """Run a command in a workspace; returns what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert run_command([*arguments, "--workspace", str(folder)]) == code, out.getvalue() + err.getvalue()
    return out.getvalue() + err.getvalue()


def places_of(output: Path, words: tuple[str, ...] = WORDS) -> list[str]:
    """Where words stand in the files of an output folder: in their bytes, and in any value of databases and Parquet.

    By other means than the erasure's: whole files, every column as text, no word boundaries.
    """
    found = []
    for path in sorted(path for path in output.rglob("*") if path.is_file()):
        name = str(path.relative_to(output))
        content = path.read_bytes()
        found += [f"{name} has {word} in its bytes" for word in words if word.encode() in content]
        if path.suffix == ".parquet":
            texts = [str(value) for column in pl.read_parquet(path) for value in column.to_list()]
            found += [f"{name} has {word}" for word in words if any(word in text for text in texts)]
        if path.suffix == ".duckdb":
            found += [f"{name} has {word} in {table}" for table, word in _in_database(path, words)]
    return found


def _in_database(path: Path, words: tuple[str, ...]) -> list[tuple[str, str]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name || '.\"' || table_name || '\"' FROM duckdb_tables() WHERE NOT internal"
        ).fetchall()
        return [
            (table, word)
            for (table,) in tables
            for word in words
            if connection.execute(
                f"SELECT 1 FROM {table} AS whole WHERE contains(CAST(whole AS VARCHAR), ?)"
                " OR contains(CAST(whole AS VARCHAR), replace(?, '''', '\\''')) LIMIT 1",
                [word, word],
            ).fetchall()
        ]


def rows_of(output: Path, *, without: str = HIM) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of what is published, of DuckDB and Parquet, but those with an id in them."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for path in sorted((output / "published").rglob("*.parquet")):
        rows = pl.read_parquet(path).rows()
        found[str(path.relative_to(output))] = [row for row in rows if without not in row]
    with duckdb.connect(str(output / "published" / "published.duckdb"), read_only=True) as connection:
        for (view,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall():
            rows = connection.execute(f"SELECT * FROM {view}").fetchall()
            found[view] = [row for row in rows if without not in row]
    return found
