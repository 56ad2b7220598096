"""The exports of a generated demo as they would have been on an earlier day."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl

_MOMENT = "%Y-%m-%d %H:%M:%S"


def write_past(full: Path, past: Path, until: dt.date) -> dict[str, int]:
    """Write what the systems would have exported before the day `until`; files that are there are replaced.

    Files of whole months are copied; within a month, the file of that month ends with the day before. Before the first
    change of 2025 there is no file of changes.

    Returns the number of rows or files left out of each.
    """
    dropped = {}
    cut = _Cut(full, past, until)
    for folder in ("orders", "pos", "visits"):
        (past / folder).mkdir(parents=True, exist_ok=True)
        files = sorted((full / folder).iterdir())
        known = [file for file in files if file.name.split("_")[1][:7] < f"{until:%Y-%m}"]
        for file in known:
            shutil.copyfile(file, past / folder / file.name)
        dropped[folder] = len(files) - len(known)
        if until.day > 1 and len(known) < len(files):
            cut.month(files[len(known)].relative_to(full))
    for name in ("crm_customers.csv", "crm_customers_delta_2025.csv"):
        dropped[name] = cut.csv(name, "Geaendert_am", "%d.%m.%Y %H:%M", delimiter=";")
    if len((past / "crm_customers_delta_2025.csv").read_text(encoding="utf-8").splitlines()) == 1:
        (past / "crm_customers_delta_2025.csv").unlink()
    dropped["campaign_contacts.csv"] = cut.csv(
        "campaign_contacts.csv", "sent_at", "%Y-%m-%d %H:%M", blank="responded_at"
    )
    dropped["campaigns.csv"] = cut.csv("campaigns.csv", "first_day", "%Y-%m-%d")
    dropped["consents.csv"] = cut.csv("consents.csv", "decided_at", "%Y-%m-%dT%H:%M:%SZ")
    dropped["daily_takings.csv"] = cut.csv("daily_takings.csv", "closed_at", _MOMENT)
    dropped["feedback.jsonl"] = cut.feedback()
    dropped["service.csv"] = cut.csv("service.csv", "opened_at", "%Y-%m-%dT%H:%M:%SZ")
    dropped["service_costs.csv"] = cut.csv("service_costs.csv", "booked_on", "%Y-%m-%d")
    dropped["costs.csv"] = cut.csv("costs.csv", "valid_from", "%Y-%m-%d")
    dropped["markets.csv"] = cut.csv("markets.csv", "published", "%Y-%m-%d %H:%M")
    dropped["address_data.csv"] = cut.csv("address_data.csv", "said_on", "%Y-%m-%d")
    _surveys(cut)
    shutil.copyfile(full / "areas.csv", past / "areas.csv")
    return dropped


def _surveys(cut: _Cut) -> None:
    """The waves that had begun; of one that goes on, the answers so far."""
    (cut.past / "survey").mkdir(exist_ok=True)
    for file in sorted((cut.full / "survey").iterdir()):
        cut.csv(f"survey/{file.name}", "answered_at", _MOMENT)
        if len((cut.past / "survey" / file.name).read_text(encoding="utf-8").splitlines()) == 1:
            (cut.past / "survey" / file.name).unlink()


@dataclass(frozen=True, slots=True)
class _Cut:
    full: Path
    past: Path
    until: dt.date

    def month(self, name: Path) -> None:
        """The file of a month that is not over."""
        if name.suffix == ".parquet":
            early = pl.col("sold_at") < pl.lit(self.until).cast(pl.Datetime("us"))
            pl.read_parquet(self.full / name).filter(early).write_parquet(self.past / name)
            return
        header, *rows = gzip.decompress((self.full / name).read_bytes()).splitlines(keepends=True)
        # No value before the time holds a comma.
        place = next(i for i, column in enumerate(header.split(b",")) if column in {b"ordered_at", b"started_at"})
        early_rows = [row for row in rows if row.split(b",")[place] < self.until.isoformat().encode()]
        (self.past / name).write_bytes(gzip.compress(b"".join([header, *early_rows]), 1, mtime=0))

    def feedback(self) -> int:
        said = (self.full / "feedback.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        early = [line for line in said if json.loads(line)["given_at"] < self.until.isoformat()]
        (self.past / "feedback.jsonl").write_text("".join(early), encoding="utf-8")
        return len(said) - len(early)

    def csv(self, name: str, column: str, form: str, *, delimiter: str = ",", blank: str | None = None) -> int:
        """Copy the rows of a CSV file whose time is before `until`; blank a later time in another column."""

        def is_past(text: str) -> bool:
            try:
                return dt.datetime.strptime(text, form).date() < self.until  # noqa: DTZ007 - exports tell no zone
            except ValueError:
                # Planted: a time that nobody can read.
                return True

        with (self.full / name).open(newline="", encoding="utf-8") as handle:
            header, *rows = csv.reader(handle, delimiter=delimiter)
        kept = [row for row in rows if is_past(row[header.index(column)])]
        if blank:
            place = header.index(blank)
            kept = [
                [*row[:place], row[place] if row[place] and is_past(row[place]) else "", *row[place + 1 :]]
                for row in kept
            ]
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([header, *kept])
        (self.past / name).write_text(text.getvalue(), encoding="utf-8")
        return len(rows) - len(kept)
