"""One version of what a segmentation learnt: what it is, how it came about, and what became of it.

Owns: `Version`, a row of `segments.model_version`, its identity and its JSON form. Does not own which version is in use
(`registry.py`), or what is in one (`ops.model_content`; `cluster.py`, `cuts.py`, `values.py`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

if TYPE_CHECKING:
    from tasks.warehouse.model_ledger import Decision

Status = Literal["champion", "waiting", "refused", "rejected", "retired"]

#: Columns of `segments.model_version` and what they mean.
COLUMNS: dict[str, tuple[type[pl.DataType], str]] = {
    "segmentation_id": (pl.String, "the segmentation"),
    "model_no": (pl.Int64, "versions of a segmentation's model count from 1"),
    "version_id": (pl.String, "digest of what is in it and what it was learnt from"),
    "kind_name": (pl.String, "clusters, cuts or values"),
    "status_name": (pl.String, "champion (in use), waiting, refused by the gates, rejected by somebody, or retired"),
    "trained_as_of_date": (pl.Date, "the day whose data it was learnt from"),
    "k_count": (pl.Int64, "segments it has; null where it was refused and is not kept"),
    "customer_count": (pl.Int64, "customers it was learnt from; null of versions from before there was a registry"),
    "training_run_id": (pl.String, "the run whose features it was learnt from, which is a digest of its files"),
    "training_sha256": (pl.String, "digest of the rows it was learnt from, in the order of customer ids"),
    "asked_json": (pl.String, "what the workspace asked for"),
    "metrics_json": (pl.String, "the figures it was judged by"),
    "base_model_no": (pl.Int64, "the version that it was held against, or took over from"),
    "kept_ids": (pl.String, "ids of segments that it has in common with that version"),
    "new_ids": (pl.String, "ids that that version does not have"),
    "retired_ids": (pl.String, "ids of that version that it does not have"),
    "moved_count": (pl.Int64, "customers it puts elsewhere than that version, on the day it was learnt"),
    "reason": (pl.String, "how it came to be, and what the gates said"),
    "champion_since_date": (pl.Date, "since when it was last in use; null: never"),
    "decision_no": (pl.Int64, "the decision of a person that it owes its status to"),
    "decision_name": (pl.String, "accept, reject or rollback"),
    "decided_by": (pl.String, "who decided"),
    "decided_because": (pl.String, "why"),
}
SCHEMA = {name: kind for name, (kind, _) in COLUMNS.items()}
_DATES = {name for name, (kind, _) in COLUMNS.items() if kind is pl.Date}


@dataclass(frozen=True, slots=True)
class Version:
    """A row of `segments.model_version`; what each field means stands with `COLUMNS`."""

    segmentation_id: str
    model_no: int
    version_id: str
    kind_name: str
    status_name: Status
    trained_as_of_date: dt.date
    k_count: int | None
    customer_count: int | None
    training_run_id: str | None
    training_sha256: str | None
    asked_json: str
    metrics_json: str
    base_model_no: int | None
    kept_ids: str
    new_ids: str
    retired_ids: str
    moved_count: int | None
    reason: str
    champion_since_date: dt.date | None = None
    decision_no: int | None = None
    decision_name: str | None = None
    decided_by: str | None = None
    decided_because: str | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """What decides whether a version answers today's definition, and all other parameters."""
        return dict(json.loads(self.asked_json))

    @property
    def metrics(self) -> dict[str, Any]:
        """The figures it was judged by."""
        return dict(json.loads(self.metrics_json))

    @property
    def standing(self) -> str:
        """Its status with who brought it about, for people."""
        said = {"accept": "accepted", "reject": "rejected", "rollback": "rolled back to"}
        if self.decision_name is None or self.status_name == "retired":
            return self.status_name
        told = f"{said[self.decision_name]} by {self.decided_by}: {self.decided_because}"
        return told if self.status_name == "rejected" else f"{self.status_name}, {told}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            name: value.isoformat() if isinstance(value, dt.date) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Version:
        """A version from a row of the table, or from what `to_json` gave."""
        values: dict[str, Any] = {
            name: dt.date.fromisoformat(row[name]) if name in _DATES and isinstance(row[name], str) else row[name]
            for name in SCHEMA
        }
        return cls(**values)

    def decided(self, decision: Decision) -> dict[str, Any]:
        """The fields that a decision fills."""
        return {
            "decision_no": decision.number,
            "decision_name": decision.name,
            "decided_by": decision.by,
            "decided_because": decision.because,
        }


def identity_of(name: str, kind: str, content: object, trained: dt.date, rows_sha256: str | None) -> str:
    """The id of a version: the same content from the same rows of the same day is the same version, in any run."""
    said = [name, kind, content, trained.isoformat(), rows_sha256]
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def fingerprint(rows: pl.DataFrame) -> str:
    """Digest of the rows that a model is learnt from; they stand in the order of customer ids."""
    digest = hashlib.sha256()
    # Column by column: the text of all of them at once would be as large as the frame.
    for column in rows.columns:
        digest.update(rows.select(column).write_csv().encode())
    return digest.hexdigest()


def ids_between(old: Collection[str], new: Collection[str]) -> tuple[str, str, str]:
    """Ids that two versions have in common, that only the new one has, and that only the old one has."""
    before, after = set(old), set(new)
    kept, came, gone = (",".join(sorted(ids)) for ids in (before & after, after - before, before - after))
    return kept, came, gone
