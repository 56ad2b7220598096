"""`resegment forget`: erase customers, or tell who was erased.

Owns: the command and its text. Does not own its arguments (`forget_arguments.py`) or the steps (`forget_steps.py`).
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from flows import console
from flows.commands import opened, user_name
from tasks.config.counting import counted
from tasks.config.errors import UsageError

_SOURCES_SHOWN = 20
_OUTSIDE = "these are the company's own and were not changed; loaded again, his rows are left out and counted:"


def forget(options: argparse.Namespace) -> int:
    """`resegment forget ID …` and `resegment forget --list`."""
    if options.list:
        return _show_list(options)
    from flows import forget_steps

    asked = asked_for(options.ids, options.from_file)
    if not options.yes and not options.dry_run:
        raise UsageError(
            f"{counted(len(asked), 'customer')} would be erased, which cannot be undone",
            hint="look at what that takes out with --dry-run, then give the command again with --yes",
        )
    console.show_progress(quiet=True)
    space, paths = opened(options)
    by = options.by or user_name()
    done = forget_steps.forget(space, paths.root, asked, by=by, reason=options.reason, is_dry=options.dry_run)
    if options.json:
        console.print_json(dataclasses.asdict(done) | {"dry_run": options.dry_run})
        return 0
    console.print_table(
        ["table", "rows"], [[name, f"{count:,}"] for name, count in done.counts.items()], numbers=["rows"]
    )
    if done.untold_count:
        console.out.print(
            f"{done.untold_count:,} of the ids and contact values are short or others have them, too: they go with the"
            " rows, and are not searched for elsewhere"
        )
    if done.sources:
        console.out.print(_OUTSIDE)
        for name in done.sources[:_SOURCES_SHOWN]:
            console.out.print(f"  {name}", markup=False)
        if len(done.sources) > _SOURCES_SHOWN:
            console.out.print(f"  and {len(done.sources) - _SOURCES_SHOWN:,} more: --json tells all")
    if options.dry_run:
        console.out.print("dry run: nothing was changed")
    else:
        console.out.print(
            f"{counted(done.customer_count, 'customer')} erased; searched {done.file_count:,} files, 0 left"
        )
        console.out.print("backups of the folder still have them: see docs/how-to/erasure.md")
    return 0


def asked_for(ids: list[str], from_file: str | None) -> list[str]:
    """The ids that are asked for, each once: as they are given, and in a file without blanks around them.

    Raises:
        UsageError: there is none, or the file cannot be read.
    """
    listed = [one for one in ids if one.strip()]
    if from_file is not None:
        path = Path(from_file).expanduser()
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            listed += [line.strip() for line in lines if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise UsageError(f"cannot read the ids: {said}", where=str(path), hint="one id a line, UTF-8") from error
    found = list(dict.fromkeys(listed))
    if not found:
        raise UsageError("nobody is named", hint="give ids, or --from-file FILE with one a line")
    return found


def _show_list(options: argparse.Namespace) -> int:
    from tasks.warehouse.erasures import read

    _, paths = opened(options)
    listed = read(paths.root)
    if options.json:
        console.print_json([dataclasses.asdict(one) for one in listed])
        return 0
    if not listed:
        console.out.print("nobody was erased here")
        return 0
    console.print_table(
        ["begun (UTC)", "ended", "by", "reason", "together", "rows", "hash"],
        [
            [
                one.begun_at[:19],
                one.ended_at[:19] if one.ended_at else "not ended: give the command again",
                one.by,
                one.reason,
                one.together,
                f"{sum(one.counts.values()):,}",
                one.hash[:16],
            ]
            for one in listed
        ],
        numbers=["together", "rows"],
    )
    return 0
