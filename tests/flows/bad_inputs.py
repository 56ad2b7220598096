"""Bad inputs and what a user is told: the cases of `test_bad_inputs.py`, and the page `docs/bad-inputs.md`.

Write the page with `python -m tests.flows.bad_inputs > docs/bad-inputs.md`.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import yaml

from tests.flows.bad_input import BadInput, edit, orders
from tests.flows.bad_treatments import TREATMENTS
from tests.workspaces import ORDERS, small_workspace

HEADER = ORDERS.partition("\n")[0] + "\n"
MANY = ORDERS + "".join(f"m{n},1,c{n % 40},2025-06-{1 + n % 28:02d} 10:00:00,p1,bread,1,2.0\n" for n in range(400))


def _truncated(folder: Path) -> None:
    packed = gzip.compress(MANY.encode(), mtime=0)
    (folder / "orders.csv.gz").write_bytes(packed[: len(packed) // 2])


def _own_model(select: str) -> Callable[[Path], None]:
    """Write a features model of the workspace."""

    def make(folder: Path) -> None:
        path = folder / "sql" / "features" / "customer_own.sql"
        path.parent.mkdir(parents=True)
        header = (
            "-- what: w\n-- why: w\n-- grain: customer\n-- column customer_id: the customer [id]\n-- column own: own\n"
        )
        path.write_text(f"{header}SELECT customer_id, {select} AS own\nFROM staging.customers\n", encoding="utf-8")

    return make


def _row(text: str) -> Callable[[Path], None]:
    return orders(MANY + text + "\n")


CASES: tuple[BadInput, ...] = (
    BadInput("a file that is not there", lambda folder: (folder / "orders.csv").unlink(), 1, "there is no file"),
    BadInput("the wrong delimiter", orders(MANY.replace(",", ";")), 1, "is options.delimiter right?"),
    BadInput("the wrong encoding", orders("order,größe\n1,2\n".encode("latin-1")), 1, "is not utf-8: byte 8"),
    BadInput("a gzip file cut short", _truncated, 1, "gzip", ("--set", "sources.orders.path=orders.csv.gz")),
    BadInput("a packed file without .gz in its name", orders(gzip.compress(b"x", mtime=0)), 1, "is packed by gzip"),
    BadInput(
        "a quotation mark that is not closed",
        orders(HEADER + 'x,1,"ben,2025-06-01,p1,bread,1,1.0\n' + MANY),
        1,
        "406 lines after it cannot be told apart",
    ),
    BadInput("lines that end in different ways", orders(MANY + "x,1,ben,2025-06-01,p1,bread,1,1.0\r\n"), 1, "dos2unix"),
    BadInput("a column that the file has not", edit("quantity: units", "quantity: unit"), 1, "did you mean 'units'?"),
    BadInput("a key that comes twice", _row(MANY.splitlines()[1]), 0, ""),
    BadInput("an order of 1893", _row("x,1,ben,1893-06-01,p1,bread,1,1.0"), 0, "1 quarantined", quarantined=1),
    BadInput("an order of 2099", _row("x,1,ben,2099-06-01,p1,bread,1,1.0"), 0, "1 quarantined", quarantined=1),
    BadInput("a negative price", _row("x,1,ben,2025-06-01,p1,bread,1,-1.0"), 0, "1 quarantined", quarantined=1),
    BadInput(
        "a return whose discount is larger than what came back",
        _row("x,1,c1,2025-06-20,p1,bread,-1,2.0"),
        0,
        "no discount that is given back is larger than what came back",
        ("--set", "sources.orders.columns.discount_amount=if(units LIKE '-%', '5', '0')"),
    ),
    BadInput("a day in the future", lambda _: None, 2, "2999-01-01 lies in the future", ("--as-of", "2999-01-01")),
    BadInput("an empty file", orders(b""), 1, "the file is empty: not even a header"),
    BadInput("a header and nothing else", orders(HEADER), 3, "critical check"),
    BadInput("NUL bytes in the header", orders(b"or\0der,line\n1,2\n"), 1, "NUL bytes"),
    BadInput("a cell of 1 MB", _row("x,1,ben,2025-06-01,p1," + "x" * 1_000_000 + ",1,1.0"), 0, "0 quarantined"),
    BadInput(
        "a line of 3 MB", _row("x,1,ben,2025-06-01,p1," + "x" * 3_000_000 + ",1,1.0"), 0, "1 quarantined", quarantined=1
    ),
    BadInput("a number that is none", _row("x,1,ben,2025-06-01,p1,bread,two,1.0"), 0, "1 quarantined", quarantined=1),
    BadInput(
        "most rows unreadable", orders(ORDERS + "x,1,ben,someday,p1,bread,1,1.0\n" * 20), 3, "more unreadable rows than"
    ),
    BadInput(
        "a rule on a feature that is not", edit("tenure_days <=", "tenur_days <="), 2, "did you mean 'tenure_days'?"
    ),
    BadInput(
        "a rule that compares a number with a word",
        edit("when: tenure_days <= 30", "when: tenure_days <= 'thirty'"),
        2,
        "compares 'tenure_days' with 'thirty', which is no BIGINT",
    ),
    BadInput("a rule that is no SQL", edit("when: tenure_days <= 30", "when: tenure_days <= AND"), 2, "is not SQL"),
    BadInput(
        "a gap in the RFM grid",
        edit("    basis: value\n", "    basis: value\n    segments: [{id: low, name: Low, r: [1, 4]}]\n"),
        2,
        "the RFM grid has a gap: no segment for 25 of 125 cells",
    ),
    BadInput(
        "a template that is not",
        edit("segmentations:\n", "segmentations:\n  mine: {template: lifecycel}\n"),
        2,
        "did you mean 'lifecycle'?",
    ),
    BadInput(
        "a parameter of a template that it does not take",
        edit("segmentations:\n", "segmentations:\n  mine: {template: lifecycle, with: {new_days: soon}}\n"),
        2,
        "'soon' is not a whole number ≥ 1",
    ),
    BadInput(
        "a template that needs what no source maps",
        edit("segmentations:\n", "segmentations:\n  mine: {template: satisfaction}\n"),
        2,
        "needs feedback, and no source maps it",
    ),
    BadInput(
        "a template that needs a feature that is not",
        edit("segmentations:\n", "segmentations:\n  mine: {template: churn_risk}\n"),
        2,
        "needs the feature 'churn_share' (by its parameter 'probability'); there is none",
    ),
    BadInput(
        "a rule that extends a segment that is not",
        edit("when: recency_days <= 30", "extends: nwe"),
        2,
        "there is no segment lifecycle.nwe",
    ),
    BadInput(
        "rules that refer to each other in a circle",
        edit("when: tenure_days <= 30", "when: {not: {segment: lifecycle.active}}"),
        2,
        "rules refer to each other in a circle",
    ),
    BadInput(
        "a condition that is neither SQL nor a tree",
        edit("when: tenure_days <= 30", "when: {every: [tenure_days <= 30]}"),
        2,
        "expected a condition in SQL, or a mapping with one of all, any, not, segment",
    ),
    BadInput(
        "thresholds that do not ascend",
        edit(
            "segmentations:\n",
            "segmentations:\n  mine: {kind: cuts, basis: value, feature: net_amount, at: [9, 1],"
            " segments: [{id: a, name: A}, {id: b, name: B}, {id: c, name: C}]}\n",
        ),
        2,
        "must ascend without repeats",
    ),
    BadInput("two segments of one name", edit("name: Active", "name: New"), 2, "two segments have the name 'New'"),
    BadInput("a misspelt key", edit("    format: csv", "    fromat: csv"), 2, "unknown key; did you mean 'format'?"),
    BadInput(
        "a policy of a kind of drift that is not",
        edit("sources:\n", "drift: {subjects: {kpis: {alert: never}}}\nsources:\n"),
        2,
        "or source (got 'kpis'); did you mean 'kpi'?",
    ),
    BadInput(
        "a notice above its alarm",
        edit("sources:\n", "drift: {subjects: {kpi: {notice_effect: 0.5}}}\nsources:\n"),
        2,
        "a notice from 0.5 on and an alarm from 0.1 on: an alarm must be the larger change",
    ),
    BadInput("YAML that is none", edit("sources:\n", "sources: [\n"), 2, "not YAML"),
    BadInput(
        "a class of a column that is not",
        edit("segmentations:\n", "privacy: {columns: {customers.incom_amount: sensitive}}\nsegmentations:\n"),
        2,
        "did you mean 'customers.income_amount'?",
    ),
    BadInput(
        "a contact column declared plain",
        edit("segmentations:\n", "privacy: {columns: {feedback.comment_text: plain}}\nsegmentations:\n"),
        2,
        "feedback.comment_text is contact and cannot be declared plain",
    ),
    BadInput(
        "a class of a column that the file has not",
        edit("segmentations:\n", "    privacy: {custommer: contact}\nsegmentations:\n"),
        2,
        "did you mean 'customer'?",
    ),
    BadInput("a model that reads contact data", _own_model("email_address"), 2, "contact data never leaves staging"),
    BadInput(
        "a model that passes a day of birth on", _own_model("birth_date"), 2, "sensitive data leaves staging coarsened"
    ),
    BadInput(
        "an unset environment variable",
        edit("path: orders.csv", "path: ${NOT_SET_ANYWHERE}/x.csv"),
        2,
        "NOT_SET_ANYWHERE is not set",
    ),
    BadInput(
        "pseudonyms without a key",
        edit("name: small", "name: small\nprivacy: {pseudonymise: true}"),
        2,
        "there is no key",
    ),
    BadInput(
        "a key that stands in the file",
        edit("name: small", "name: small\nprivacy:\n  key: in-plain-sight-for-everybody"),
        2,
        "the key stands in the file",
    ),
    *TREATMENTS,
    BadInput(
        "an output folder that cannot be written",
        lambda folder: (folder / "out").write_text("a file") and None,
        1,
        "cannot write the output folder",
    ),
)


def prepare(folder: Path, case: BadInput) -> None:
    """A good workspace, made bad."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orders.csv").write_text(MANY, encoding="utf-8")
    (folder / "resegment.yaml").write_text(yaml.safe_dump(small_workspace(), sort_keys=False), encoding="utf-8")
    case.make(folder)


def run(folder: Path, case: BadInput) -> tuple[int, str]:
    """Run the pipeline on it as the command line does; returns the exit code and what was said on standard error."""
    from flows.cli import run_command

    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = run_command(["run", "--workspace", str(folder), *case.arguments])
    return code, said.getvalue()


def quarantine(folder: Path) -> list[str]:
    """What the quarantine holds, in words."""
    with duckdb.connect(str(folder / "out" / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "SELECT row_number, column_name, left(value_text, 30), left(reason, 90) FROM ops.quarantine"
            " LEFT JOIN raw.quarantined_value USING (load_id, row_number, column_name) ORDER BY ALL"
        ).fetchall()
    return [f"row {number}, {column or 'the line'}: {value!r}: {reason}" for number, column, value, reason in rows]


def main() -> None:
    """Write the page."""
    sys.stdout.write(
        "# Bad inputs and what a user is told\n\n"
        "Written by `python -m tests.flows.bad_inputs`; `tests/flows/test_bad_inputs.py` holds each to its word.\n"
        "Exit codes: 0 the run went on, 1 failed, 2 usage or workspace, 3 stopped by a gate. Whatever the code, what was\n"
        "published before stays whole.\n\n| input | exit | what is said |\n|---|---:|---|\n"
    )
    for case in CASES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "shop"
            prepare(folder, case)
            code, said = run(folder, case)
            error = said.partition("error ")[2].strip() if code else "; ".join(quarantine(folder)) or "nothing to say"
            here = error.replace(str(folder.resolve()), "shop").replace(f"{Path.cwd()}/", "")
            words = re.sub(r"\s+", " ", here.replace("|", "\\|"))
            sys.stdout.write(f"| {case.name} | {code} | {words[:420]} |\n")


if __name__ == "__main__":
    main()
