"""Which loads no publication has seen, and which earlier ones they are compared with.

Owns: the reading of `ops.delivery` and `ops.publication` for that. A load was published if it was the newest version of
its file when something was published: a file that a gate refused, and that was corrected since, is no history.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tasks.warehouse.run import Run

#: Files of a source that a new one is compared with, the newest first.
_OTHERS = 24

_VERSIONS = """
    WITH versions AS (
        SELECT source_name, file_name, load_id, seen_at,
            lead(seen_at) OVER (PARTITION BY source_name, file_name ORDER BY delivery_no) AS until
        FROM ops.delivery
        WHERE
            ($known IS NULL OR seen_at <= $known)
            -- What changed in a database since the last pull is no file of a usual size.
            AND (load_id IS NULL OR load_id NOT IN (SELECT load_id FROM ops.pull WHERE read_from IS NOT NULL))
    )
    SELECT versions.source_name, versions.file_name, load_no,
        EXISTS (
            SELECT 1 FROM ops.publication
            WHERE published_at >= seen_at AND (until IS NULL OR published_at < until)
        ) AS is_published
    FROM versions
    INNER JOIN ops.load USING (load_id)
    ORDER BY load_no DESC
"""


@dataclass(frozen=True, slots=True)
class FileHistory:
    """A new file and what it is compared with.

    Attributes:
        file: its name.
        load_no: its load.
        others: loads to compare with: published earlier versions of the same file, else other files of the source.
        is_version: whether `others` are earlier versions.
        published: of the others the one that was published last; None where none was.
    """

    file: str
    load_no: int
    others: tuple[int, ...]
    is_version: bool
    published: int | None


@dataclass(frozen=True, slots=True)
class _Version:
    file: str
    load_no: int
    is_published: bool


def file_histories(run: Run) -> dict[str, list[FileHistory]]:
    """The new files that a run sees, by source."""
    sources: dict[str, list[_Version]] = defaultdict(list)
    visible = {number for _, number, *_ in run.visible_loads()}
    for source, *version in run.warehouse.rows(_VERSIONS, {"known": run.sees_until}):
        sources[source].append(_Version(*version))
    return {
        source: [
            _history(version, versions, visible)
            for version in versions
            if version.load_no in visible and not version.is_published
        ]
        for source, versions in sources.items()
    }


def _history(new: _Version, versions: Iterable[_Version], visible: set[int]) -> FileHistory:
    published = [version.load_no for version in versions if version.is_published]
    earlier = [version.load_no for version in versions if version.is_published and version.file == new.file]
    if earlier:
        return FileHistory(new.file, new.load_no, tuple(earlier[:_OTHERS]), is_version=True, published=earlier[0])
    others = published or [
        version.load_no for version in versions if version.load_no in visible and version.load_no != new.load_no
    ]
    return FileHistory(
        new.file,
        new.load_no,
        tuple(others[:_OTHERS]),
        is_version=False,
        published=published[0] if published else None,
    )


def newest_loaded_at(run: Run) -> dt.datetime | None:
    """When the newest file that the run sees was loaded; None where it sees none."""
    numbers = [number for _, number, *_ in run.visible_loads()]
    moment: dt.datetime | None = run.warehouse.value(
        "SELECT max(loaded_at) FROM ops.load WHERE list_contains($numbers, load_no)", {"numbers": numbers}
    )
    return moment
