"""The steps of an erasure: find the persons, write everything anew without them, prove it, swap, note it.

Owns: their order, and that each may be the last before a kill: the pipeline's warehouse, from which alone it is known
who is meant, is exchanged last, so that the same ids given again do all of it again. Does not own any step.
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tasks.config.counting import counted
from tasks.config.errors import OutputError, UsageError
from tasks.config.pseudonym import fingerprint
from tasks.config.workspace import Workspace
from tasks.erasure.files import drop_scratch, named_after, own_spill, strike_out, unwritable
from tasks.erasure.holdings import catalog_of, kept_rows_of, mark, tables_of
from tasks.erasure.noting import changes_of_loads, note_in
from tasks.erasure.person import Person, Words, person_of, unknown, words_of
from tasks.erasure.reading import among_customers, counts_of, files_of, known_ids
from tasks.erasure.rewriting import write_published_without, write_warehouse_without
from tasks.erasure.search import search
from tasks.erasure.striking import struck
from tasks.ingest.whose import customers_in_quarantine
from tasks.publish.swap import recover, swap_in
from tasks.warehouse import copying, erasures, ledger, pulls
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.erasures import Erasure
from tasks.warehouse.output_state import refuse_other_identities
from tasks.warehouse.run import OutputPaths, Run, open_ledger

log = logging.getLogger("resegment.erasure")

_PLACES_TOLD = 10


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What an erasure came to, or would.

    Attributes:
        customer_count: how many customers were asked for.
        counts: rows that were left out, by table; texts in which something was struck out.
        value_count: texts by which they are known and that were searched for.
        untold_count: of such that others have, too, or that are short: searched for nowhere but in their own columns.
        sources: files of sources that still hold them, which are the company's own.
        file_count: files that were searched; nothing was found in them. None where nothing was done.
    """

    customer_count: int
    counts: dict[str, int]
    value_count: int
    untold_count: int
    sources: list[str] = field(default_factory=list)
    file_count: int | None = None


def forget(
    space: Workspace, folder: Path, asked: Sequence[str], *, by: str, reason: str, is_dry: bool = False
) -> Forgotten:
    """Erase customers from everything that an output folder keeps, or say what that would take out.

    Args:
        space: the workspace.
        folder: the output folder.
        asked: ids, the company's own or published ones.
        by: who asks.
        reason: why, for the audit.
        is_dry: change nothing.

    Raises:
        UsageError: nothing is held of an id, or the reason names somebody.
        WorkspaceError: the key of the pseudonyms is missing, or another one than that of what is published.
        OutputError: a run holds the folder, it cannot be written, or something was found after all.
    """
    with open_ledger(space, folder) as run:
        persons, words = _meant(run, asked)
        if struck(reason, words.telling) != reason:
            raise UsageError(
                "the reason names who is to be erased, and it is kept",
                hint="say why without an id or a name, such as the number of the request",
            )
        found = Forgotten(
            len(persons),
            counts_of(run.warehouse, words.telling) if is_dry else {},
            words.value_count,
            words.untold_count,
            files_of(run.warehouse),
        )
        if is_dry:
            return found
        return _erase(run, persons, words, found, by=by, reason=reason)


def end_stopped(space: Workspace, folder: Path) -> int:
    """End erasures that were killed, or that a backup undid, before anything else is done.

    Returns:
        Of how many customers.

    Raises:
        OutputError: as `forget` does.
    """
    if not erasures.read(folder):
        return 0
    with open_ledger(space, folder, is_new=True) as run:
        # Opening brings the list up to the warehouse, which may be older than it, or tell of an end that it lacks.
        begun = erasures.stopped(folder)
        erased = erasures.erased_customers(space, folder).only(begun)
        asked = sorted({*among_customers(run.warehouse, erased), *erased.among(customers_in_quarantine(run).values())})
        held = {erasures.hashed(erased.key, one) for one in asked}
        ended = [one for one in begun if one.hash not in held]
        erasures.end(run.warehouse, folder, ended, ledger.utc_now().isoformat())
    if not asked:
        return 0
    whom = counted(len(asked), "customer")
    log.warning("an erasure of %s was stopped, or a backup brought back what it took: it is ended now", whom)
    forget(space, folder, asked, by=begun[0].by, reason=begun[0].reason)
    return len(asked)


def _meant(run: Run, asked: Sequence[str]) -> tuple[list[Person], Words]:
    """The persons, marked in the warehouse, and their words.

    Raises:
        UsageError: nothing is held of one of them, and none was erased before.
        WorkspaceError: what is published has ids under another key; his would not be found in it.
    """
    refuse_other_identities(run.warehouse, run.workspace, run.workspace.key_fingerprint())
    persons = [person_of(run.warehouse, run.workspace, one) for one in dict.fromkeys(asked)]
    in_quarantine = customers_in_quarantine(run)
    mark(run.warehouse, persons, kept_rows_of(run.warehouse, persons, (), in_quarantine))
    words = words_of(run.warehouse, run.workspace, persons)
    mark(run.warehouse, persons, kept_rows_of(run.warehouse, persons, words.telling, in_quarantine))
    erased = erasures.erased_customers(run.workspace, run.paths.root)
    known = known_ids(run.warehouse) | set(in_quarantine.values())
    strangers = [
        one
        for one, person in zip(dict.fromkeys(asked), persons, strict=True)
        if known.isdisjoint(person.ids) and not erased.among([person.own_id])
    ]
    if strangers:
        raise unknown(strangers)
    return persons, words


def _erase(run: Run, persons: Sequence[Person], words: Words, found: Forgotten, *, by: str, reason: str) -> Forgotten:
    paths, warehouse, telling = run.paths, run.warehouse, words.telling
    recover(paths.published)
    drop_scratch(paths)
    # Whoever opens the folder after a kill makes it anew, from the warehouse as it is then.
    shutil.rmtree(paths.copy, ignore_errors=True)
    _refuse_what_cannot_be_cleaned(paths, telling)
    key = erasures.key_of(run.workspace, paths.root)
    earlier = {one.hash: one for one in erasures.read(paths.root)}
    now = ledger.utc_now().isoformat()
    begun = [
        Erasure(erasures.hashed(key, one.own_id), fingerprint(key), now, None, by, reason, together=len(persons))
        for one in persons
    ]
    erasures.note(paths.root, [one.again(earlier.get(one.hash, one)) for one in begun])
    paths.building.mkdir(parents=True)
    counts: Counter[str] = Counter()
    if paths.published.exists():
        candidate = paths.building / "published"
        counts += write_published_without(warehouse, telling, paths.published, candidate)
        swap_in(candidate, paths.published)
    counts += strike_out(paths, telling)
    aside = paths.building / paths.warehouse.name
    pulls.forget_rows(warehouse)
    # Into the file that gives way: its log is searched for nothing, and counted.
    warehouse.execute("CHECKPOINT")
    changes = changes_of_loads(warehouse, tables_of(warehouse, catalog_of(warehouse)))
    counts += write_warehouse_without(warehouse, catalog_of(warehouse), telling, aside)
    now = ledger.utc_now().isoformat()
    taken = dict(sorted(counts.items()))
    done = [replace(one, ended_at=now, counts=taken) for one in begun]
    ended = [one.again(earlier[one.hash]) if one.hash in earlier else one for one in done]
    note_in(aside, changes, ended)
    with Warehouse.open(aside) as anew:
        copying.bring_up(anew, paths.building / paths.copy.name)
    ids = [one for person in persons for one in person.ids]
    searched = search(paths.root, [paths.warehouse, *own_spill(paths)], ids, telling)
    if searched.places:
        raise _left(searched.places, paths.root)
    warehouse.give_way_to(aside)
    (paths.building / paths.copy.name).rename(paths.copy)
    erasures.note(paths.root, ended)
    shutil.rmtree(paths.building, ignore_errors=True)
    return replace(found, counts=taken, file_count=searched.file_count)


def _refuse_what_cannot_be_cleaned(paths: OutputPaths, telling: Sequence[str]) -> None:
    hint = "delete these files, which resegment did not write, or move them out of the folder and clean them"
    if others := unwritable(paths, telling):
        raise OutputError(
            f"nothing was erased: {_listed(others)} have them in them, and are no texts that could be cleaned",
            where=str(paths.root),
            hint=hint,
        )
    if named := named_after(paths, telling):
        raise OutputError(
            f"nothing was erased: {_listed(named)} have them in their names", where=str(paths.root), hint=hint
        )


def _left(places: Sequence[str], folder: Path) -> OutputError:
    return OutputError(
        f"the erasure is not done: {_listed(places)} still have them",
        where=str(folder),
        hint="was a file written meanwhile? delete or clean what is named, and give the command again",
    )


def _listed(places: Sequence[str]) -> str:
    more = f" and {len(places) - _PLACES_TOLD} more" if len(places) > _PLACES_TOLD else ""
    return "; ".join(places[:_PLACES_TOLD]) + more
