"""Who was erased: a list of keyed hashes that outlives the warehouse, and keeps the erased from coming back.

Owns: `erasures.jsonl` of an output folder, its key, `ops.erasure`, and telling which ids of some are erased. Does not
own erasing (`tasks/erasure`), or leaving rows out (`tasks/ingest/erased.py`).

The file is the truth: it is there where the warehouse is lost or built anew. `ops.erasure` says the same in SQL; each
brings the other up to date when the folder is opened. Neither knows an id: whoever has both, and not the key, cannot
even try ids out.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tasks.config.counting import counted
from tasks.config.errors import OutputError, WorkspaceError
from tasks.config.pseudonym import fingerprint
from tasks.config.workspace import Workspace
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.disk import flush_folder

#: Files of an output folder; both for their owner alone.
LIST_NAME, KEY_NAME = "erasures.jsonl", ".erasure_key"
COLUMNS = (
    "erased_hash VARCHAR PRIMARY KEY, key_fingerprint VARCHAR, begun_at VARCHAR, ended_at VARCHAR, erased_by VARCHAR,"
    " reason VARCHAR, together_count BIGINT, row_count BIGINT, counts_json VARCHAR"
)
_OWNER_ONLY = 0o600
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erased customer, without his identity.

    Attributes:
        hash: HMAC-SHA256 of the company's own id.
        key_fingerprint: of the key.
        begun_at: UTC, as ISO text.
        ended_at: the same; None where it was stopped before it was done.
        by: who asked.
        reason: why.
        counts: rows that were removed, by table, and texts in which something was struck out; of all who were erased
            at once.
        together: how many these were.
    """

    hash: str
    key_fingerprint: str
    begun_at: str
    ended_at: str | None
    by: str
    reason: str
    counts: Mapping[str, int] = field(default_factory=dict)
    together: int = 1

    def again(self, earlier: Erasure) -> Erasure:
        """This one where another one of the same customer came before it: what began it stands, counts add up."""
        counts = Counter(earlier.counts) + Counter(self.counts)
        begun = replace(self, begun_at=earlier.begun_at, by=earlier.by, reason=earlier.reason)
        return replace(begun, counts=dict(sorted(counts.items())), together=max(earlier.together, self.together))


@dataclass(frozen=True, slots=True)
class Erased:
    """The erased customers of an output folder."""

    key: bytes = b""
    hashes: frozenset[str] = frozenset()

    def among(self, ids: Iterable[str | None]) -> list[str]:
        """Those of some customer ids that were erased; no id is hashed where nobody was."""
        if not self.hashes:
            return []
        return [one for one in ids if one is not None and hashed(self.key, one) in self.hashes]

    def only(self, erasures: Iterable[Erasure]) -> Erased:
        """Those of some entries of the list."""
        return replace(self, hashes=self.hashes & {one.hash for one in erasures})


NOBODY = Erased()


def hashed(key: bytes, customer_id: str) -> str:
    """What stands for an erased id: HMAC-SHA256 (RFC 2104), of another message than a pseudonym under the same key."""
    return hmac.digest(key, b"erased customer\0" + customer_id.encode(), "sha256").hex()


def erased_customers(workspace: Workspace, folder: Path) -> Erased:
    """Who was erased from an output folder, also where its warehouse is gone.

    Raises:
        WorkspaceError: the key is missing, or another than the list was made with.
        OutputError: the list is damaged.
    """
    listed = read(folder)
    if not listed:
        return NOBODY
    key = _key(workspace, folder)
    others = {one.key_fingerprint for one in listed} - {fingerprint(key) if key else ""}
    if key is None or others:
        where = workspace.line_of("privacy", "key") if workspace.privacy.pseudonymise else str(folder / KEY_NAME)
        erased = counted(len(listed), "customer was", "customers were")
        raise WorkspaceError(
            f"{erased} erased here under key {', '.join(sorted(others))},"
            " and that key is not here: they would not be recognised, and would come back",
            where=where,
            hint="bring the key back (keys are told by their fingerprints); nothing is loaded without it",
        )
    return Erased(key, frozenset(one.hash for one in listed))


def key_of(workspace: Workspace, folder: Path) -> bytes:
    """The key that ids are hashed with: that of pseudonyms, else one of the folder, which is made the first time.

    Raises:
        OutputError: it cannot be written.
    """
    found = _key(workspace, folder)
    if found is not None:
        return found
    made = secrets.token_hex(_KEY_BYTES)
    _written(folder / KEY_NAME, made + "\n", os.O_EXCL)
    return made.encode()


def _key(workspace: Workspace, folder: Path) -> bytes | None:
    own = workspace.pseudonym_key()
    if own is not None:
        return own
    path = folder / KEY_NAME
    return path.read_text(encoding="ascii").strip().encode() if path.exists() else None


def read(folder: Path) -> list[Erasure]:
    """The list, in the order in which customers were erased.

    Raises:
        OutputError: a line is none of it. One that a kill cut short at the end is left out: nothing had been done then.
    """
    path = folder / LIST_NAME
    if not path.exists():
        return []
    found: dict[str, Erasure] = {}
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
    for number, line in enumerate(lines, 1):
        try:
            one = Erasure(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise OutputError(
                "is not an erasure, so that it cannot be told who must not come back",
                where=f"{path}, line {number}",
                hint="bring the file back from a backup; `ops.erasure` of the warehouse has the same",
            ) from error
        found[one.hash] = one
    return list(found.values())


def note(folder: Path, erasures: Iterable[Erasure]) -> None:
    """Append erasures, begun or ended; what is said last of a hash counts. On disk when this returns.

    Raises:
        OutputError: the list cannot be written.
    """
    path = folder / LIST_NAME
    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        os.truncate(path, len(whole))
    lines = [json.dumps(_said(one), sort_keys=True, ensure_ascii=False) + "\n" for one in erasures]
    _written(path, "".join(lines), os.O_APPEND)


def copy_to(source: Path, target: Path) -> None:
    """Take list and key along to another output folder, so that who was erased here does not come back there."""
    for name in (LIST_NAME, KEY_NAME):
        if (source / name).exists():
            _written(target / name, (source / name).read_text(encoding="utf-8"), os.O_TRUNC)


def stopped(folder: Path) -> list[Erasure]:
    """Those that were begun and have not ended."""
    return [one for one in read(folder) if one.ended_at is None]


def sync(warehouse: Warehouse, folder: Path) -> None:
    """Bring list and `ops.erasure` up to each other; for the holder of the lock alone.

    A warehouse that does not know an erasure is older than it: a backup was brought back, or it was built anew. Then
    the erasure has begun again, and is to be ended there, too (`flows/forget_steps.py`).
    """
    listed = {one.hash: one for one in read(folder)}
    kept = {one.hash: one for one in in_warehouse(warehouse)}
    newer = [one for one in kept.values() if one.ended_at and one != listed.get(one.hash)]
    unknown = [replace(one, ended_at=None) for one in listed.values() if one.hash not in kept]
    if newer or unknown:
        note(folder, [*newer, *unknown])
    for one in unknown:
        keep(warehouse, one)


def end(warehouse: Warehouse, folder: Path, erasures: Iterable[Erasure], now: str) -> None:
    """Note erasures as ended of which nothing is left to do."""
    for one in erasures:
        ended = replace(one, ended_at=now)
        keep(warehouse, ended)
        note(folder, [ended])


def keep(warehouse: Warehouse, erasure: Erasure) -> None:
    """Write one to `ops.erasure`, in the place of what was said of it before."""
    said = _said(erasure)
    counts = said.pop("counts")
    warehouse.execute(
        "INSERT OR REPLACE INTO ops.erasure VALUES ($hash, $key_fingerprint, $begun_at, $ended_at, $by, $reason,"
        " $together, $rows, $counts)",
        {**said, "rows": sum(counts.values()), "counts": json.dumps(counts, sort_keys=True)},
    )


def in_warehouse(warehouse: Warehouse) -> list[Erasure]:
    """What `ops.erasure` says."""
    rows = warehouse.rows(
        "SELECT erased_hash, key_fingerprint, begun_at, ended_at, erased_by, reason, counts_json, together_count"
        " FROM ops.erasure ORDER BY begun_at, erased_hash"
    )
    return [
        Erasure(one, key, begun, ended, by, reason, json.loads(counts), together)
        for one, key, begun, ended, by, reason, counts, together in rows
    ]


def _said(one: Erasure) -> dict[str, Any]:
    return {
        "hash": one.hash,
        "key_fingerprint": one.key_fingerprint,
        "begun_at": one.begun_at,
        "ended_at": one.ended_at,
        "by": one.by,
        "reason": one.reason,
        "counts": dict(one.counts),
        "together": one.together,
    }


def _written(path: Path, text: str, how: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        flush_folder(path.parent)
    except OSError as error:
        raise OutputError(
            f"cannot write the list of erasures: {error.strerror or error}",
            where=str(path),
            hint="give this user the right to write there; nothing was erased",
        ) from error
