"""The arguments of `resegment backfill`.

Owns: those. Does not own what the command does (`backfill_command.py`).
"""

from __future__ import annotations

import argparse

from flows import argument_types as types


def add_backfill(commands: argparse._SubParsersAction[argparse.ArgumentParser], add: types.AddCommand) -> None:
    """Add it to the command line.

    Args:
        commands: of the whole command line.
        add: adds a command with the arguments that all have.
    """
    backfill = add(
        commands, "backfill", "compute published or new dates anew, beside what is published, and swap them in together"
    )
    backfill.set_defaults(called="backfill", action=None)
    _add_what(backfill)
    _add_actions(backfill.add_subparsers(dest="action", metavar="ACTION"), add)


def _add_what(backfill: argparse.ArgumentParser) -> None:
    """What is to be computed anew, and how."""
    backfill.add_argument("--from", dest="first", type=types.date, metavar="DATE", help="the earliest date")
    backfill.add_argument("--to", dest="last", type=types.date, metavar="DATE", help="the latest date")
    backfill.add_argument(
        "--every",
        metavar="STEP",
        help="1d, 1w, 1mo or more of them; months from a month's end on are month ends; default: what is published",
    )
    backfill.add_argument(
        "--stale", action="store_true", help="only published dates that would come out otherwise (`status --stale`)"
    )
    backfill.add_argument(
        "--segmentation",
        metavar="NAME",
        help="the one that is meant to change: if another does, somebody has to accept",
    )
    backfill.add_argument(
        "--known-as-of", type=types.time, metavar="TIME", help="see nothing that was loaded later than this UTC time"
    )
    backfill.add_argument("--reason", default="", metavar="TEXT", help="why, for the history; no personal data")
    backfill.add_argument("--by", metavar="NAME", help="who asks; default: the user's login name")
    backfill.add_argument(
        "--remodel", action="store_true", help="learn as daily runs would have, instead of using the models of then"
    )
    backfill.add_argument("--hold", action="store_true", help="do not publish before somebody accepts it")
    backfill.add_argument("--dry-run", action="store_true", help="say what would be computed, and do nothing")
    backfill.add_argument("--quiet", action="store_true", help="show warnings only")


def _add_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser], add: types.AddCommand) -> None:
    """What becomes of one that was asked for."""
    add(actions, "list", "every backfill, how far it is and who decided").set_defaults(called="show_list")
    show = add(actions, "show", "one backfill: its dates, why each is in it, what differs from what is published")
    show.set_defaults(called="show")
    show.add_argument("number", type=int, nargs="?", metavar="N", help="default: the newest")
    resume = add(actions, "resume", "go on with the backfill that was stopped; dates that are done are not repeated")
    resume.set_defaults(called="resume")
    resume.add_argument("--quiet", action="store_true", help="show warnings only")
    for name, help_text in (
        ("accept", "publish the backfill that waits"),
        ("discard", "give up the backfill that is not over, and drop what it computed"),
    ):
        action = add(actions, name, help_text)
        action.set_defaults(called=name)
        action.add_argument("--because", required=True, metavar="TEXT", help="why, for the history; no personal data")
        action.add_argument("--by", metavar="NAME", help="who decides; default: the user's login name")
