"""The demo as a whole: customers in chunks through every export, into a folder that appears only when it is whole.

Owns: the order of things and the folder. Memory depends on the chunk, not on the number of customers.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from tasks.config.errors import OutputError, UsageError
from tasks.demo import bad_rows, contacts, costs, crm, markets, sales_exports, story, true_profiles, truth
from tasks.demo.beside_orders import write_beside_orders
from tasks.demo.consents import consent_frame, consents_of
from tasks.demo.defects import KINDS, DefectPlan
from tasks.demo.draws import Draws
from tasks.demo.feedback import feedback_frame
from tasks.demo.files import PLAIN_STYLE, CsvStyle, ExportFolder, Written
from tasks.demo.lines import Lines, lines_of
from tasks.demo.manifest import DemoDefect, DemoFile, DemoManifest, is_demo
from tasks.demo.orders import Orders, orders_of
from tasks.demo.population import Customers, customers_of
from tasks.demo.rhythm import month_ranges
from tasks.demo.takings import Takings

FEWEST_CUSTOMERS, MOST_CUSTOMERS = 100, 10_000_000
#: About 400,000 order lines at once.
CHUNK_CUSTOMERS = 20_000

CRM_STYLE = CsvStyle(separator=";", decimal_comma=True, date_format="%d.%m.%Y")
EVENTS_PATH = "truth/events.json"
CUSTOMERS_PATH = "truth/customers.parquet"
FIGURES_PATH = "truth/figures.json"


def generate_demo(
    directory: Path,
    *,
    customers: int = 2000,
    seed: int = 20250630,
    progress: Callable[[int, int], None] | None = None,
    chunk_customers: int = CHUNK_CUSTOMERS,
) -> DemoManifest:
    """Write the demo into `directory`, replacing an older demo there.

    The same parameters give byte-identical files on any number of threads. Rows do not depend on `chunk_customers`;
    their order in the files does, since a file is sorted by time within each chunk of customers.

    Args:
        directory: the folder to make; its parent is made where it is missing.
        customers: 100 to 10 million; about 20 order lines each.
        seed: zero or more.
        progress: called after each chunk with the customers done and the customers in all.
        chunk_customers: customers held in memory at once.

    Raises:
        UsageError: a parameter out of its range.
        OutputError: the folder holds something else than a demo, or cannot be written.
    """
    _check(customers, seed, chunk_customers)
    _check_target(directory)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{directory.name}.partial-", dir=directory.parent))
        try:
            manifest = _write(partial, _Run(customers, seed), chunk_customers, progress)
            _swap(partial, directory)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            f"cannot write the demo: {error.strerror or error}",
            where=str(directory),
            hint="free space, or choose another folder",
        ) from error
    return manifest


@dataclass(frozen=True, slots=True)
class _Run:
    """One generation: its parameters and what is counted on the way."""

    customers: int
    seed: int
    duplicates: Counter[str] = field(default_factory=Counter)
    tally: truth.Tally = field(default_factory=truth.Tally)
    takings: Takings = field(default_factory=Takings)

    @property
    def draws(self) -> Draws:
        return Draws(self.seed)

    @property
    def plan(self) -> DefectPlan:
        return DefectPlan(self.customers)


def _write(root: Path, run: _Run, chunk: int, progress: Callable[[int, int], None] | None) -> DemoManifest:
    with ExportFolder(root) as folder:
        folder.text("campaigns.csv", "campaigns", PLAIN_STYLE).append(contacts.campaign_frame())
        folder.text("areas.csv", "areas", PLAIN_STYLE).append(contacts.area_frame())
        folder.text("costs.csv", "cost_list", PLAIN_STYLE).append(costs.cost_frame())
        folder.text("markets.csv", "markets", PLAIN_STYLE).append(markets.market_frame(run.draws))
        for first in range(1, run.customers + 1, chunk):
            last = min(first + chunk - 1, run.customers)
            _write_chunk(folder, run, first, last)
            if progress is not None:
                progress(last, run.customers)
        folder.text("daily_takings.csv", "takings", PLAIN_STYLE).append(run.takings.frame())
    told = {FIGURES_PATH: true_profiles.figures(), EVENTS_PATH: truth.events(run.tally)}
    for path, tree in told.items():
        (root / path).write_text(json.dumps(tree, indent=2, ensure_ascii=False) + "\n", "utf-8")
    beside = (Written(FIGURES_PATH, None, len(told[FIGURES_PATH])), Written(EVENTS_PATH, None, len(truth.EVENT_IDS)))
    written = (*folder.written(), *beside)
    manifest = DemoManifest(
        customers=run.customers,
        seed=run.seed,
        files=tuple(DemoFile(one.path, one.source, one.rows, (root / one.path).stat().st_size) for one in written),
        defects=tuple(_planted(run)),
    )
    manifest.write(root)
    return manifest


def _write_chunk(folder: ExportFolder, run: _Run, first: int, last: int) -> None:
    draws, plan = run.draws, run.plan
    customers = customers_of(draws, first, last)
    orders = orders_of(draws, customers)
    lines = lines_of(draws, customers, orders)
    run.takings.add(orders, lines)
    folder.text("crm_customers.csv", "crm", CRM_STYLE).append(crm.crm_frame(draws, customers, plan))
    folder.text("crm_customers_delta_2025.csv", "crm", CRM_STYLE).append(crm.moved_frame(draws, customers))
    _write_web(folder, run, customers, orders, lines)
    _write_tickets(folder, run, customers, orders, lines)
    feedback = feedback_frame(draws, customers, orders)
    said = folder.text("feedback.jsonl", "feedback", None)
    said.append(feedback)
    said.append(bad_rows.bad_feedback(draws, plan, feedback, first, last))
    sent = folder.text("campaign_contacts.csv", "campaign_contacts", PLAIN_STYLE)
    sent.append(contacts.contact_frame(draws, customers))
    consents = consents_of(draws, customers)
    asked = consent_frame(draws, customers, consents, plan)
    decided = folder.text("consents.csv", "consents", PLAIN_STYLE)
    decided.append(asked)
    decided.append(bad_rows.bad_consents(draws, plan, asked, first, last))
    folder.parquet(CUSTOMERS_PATH, None).append(truth.customer_frame(customers, orders, lines, consents))
    run.duplicates["visits"] += write_beside_orders(folder, draws, plan, customers, orders, lines)
    run.tally.add(customers)


def _write_web(folder: ExportFolder, run: _Run, customers: Customers, orders: Orders, lines: Lines) -> None:
    exported, month, twice = sales_exports.exported(
        run.draws, orders, lines, online=True, customers_in_all=run.customers
    )
    run.duplicates["web_orders"] += twice
    frame = sales_exports.web_frame(customers, orders, exported)
    bad = bad_rows.bad_web_lines(run.draws, run.plan, int(customers.number[0]), int(customers.number[-1]))
    run.takings.add_strangers(bad)
    for index, (start, end) in enumerate(month_ranges(month)):
        file = folder.text(f"orders/orders_{story.MONTHS[index]}.csv.gz", "web_orders", PLAIN_STYLE)
        at = start
        for one in sorted((one for one in bad if one.month == index), key=lambda one: (one.along, one.line)):
            until = start + int(one.along * (end - start))
            file.append(frame[at:until])
            file.append_line(one.line)
            at = until
        file.append(frame[at:end])


def _write_tickets(folder: ExportFolder, run: _Run, customers: Customers, orders: Orders, lines: Lines) -> None:
    exported, month, twice = sales_exports.exported(
        run.draws, orders, lines, online=False, customers_in_all=run.customers
    )
    run.duplicates["store_tickets"] += twice
    frame = sales_exports.ticket_frame(customers, orders, exported)
    bad = bad_rows.bad_tickets(run.draws, run.plan, frame, int(customers.number[0]), int(customers.number[-1]))
    for index, (start, end) in enumerate(month_ranges(month)):
        file = folder.parquet(f"pos/pos_{story.MONTHS[index]}.parquet", "store_tickets")
        file.append(pl.concat([frame[start:end], *(one for place, one in bad if place == index)]))


def _planted(run: _Run) -> list[DemoDefect]:
    return [
        DemoDefect(
            kind.source,
            kind.name,
            kind.column,
            kind.outcome,
            run.duplicates[kind.source] if kind.name == "exact_duplicate" else run.plan.rows_of(kind),
        )
        for kind in KINDS
    ]


def _check(customers: int, seed: int, chunk_customers: int) -> None:
    if not FEWEST_CUSTOMERS <= customers <= MOST_CUSTOMERS:
        raise UsageError(
            f"{customers:,} customers; the demo has {FEWEST_CUSTOMERS:,} to {MOST_CUSTOMERS:,}",
            hint="change generate.customers",
        )
    if seed < 0:
        raise UsageError(f"the seed is {seed}; it must be zero or more", hint="change generate.seed")
    if chunk_customers < 1:
        raise UsageError(f"a chunk of {chunk_customers} customers; it needs one at least")


def _check_target(directory: Path) -> None:
    """Refuse to replace anything that is not a demo: it may be somebody's data."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise OutputError("is a file; the demo needs a folder", where=str(directory), hint="choose another folder")
    if any(directory.iterdir()) and not is_demo(directory):
        raise OutputError(
            "holds files that the demo generator did not write, and is left alone",
            where=str(directory),
            hint="choose another folder, or empty this one",
        )


def _swap(partial: Path, directory: Path) -> None:
    """Put the finished folder in the place of an older demo; the older one goes last."""
    # mkdtemp makes folders that nobody else may read.
    partial.chmod(0o755)
    if not directory.exists():
        partial.rename(directory)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{directory.name}.old-", dir=directory.parent))
    directory.rename(aside / directory.name)
    partial.rename(directory)
    shutil.rmtree(aside)
