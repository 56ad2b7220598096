"""The arguments of `resegment model` and `resegment refit`.

Owns: those. Does not own what the commands do (`model_commands.py`).
"""

from __future__ import annotations

import argparse

from flows import argument_types as types


def add_model_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], add: types.AddCommand) -> None:
    """Add both to the command line.

    Args:
        commands: of the whole command line.
        add: adds a command with the arguments that all have.
    """
    refit = add(
        commands, "refit", "fit challengers to the newest published run now; on a Prefect server, ask about them"
    )
    refit.set_defaults(called="refit")
    refit.add_argument("--segmentation", metavar="NAME", help="default: every segmentation that learns from data")
    refit.add_argument("--quiet", action="store_true", help="show warnings only")

    text = "versions of what segmentations learnt: list, compare, accept, reject and roll back"
    actions = commands.add_parser("model", help=text, description=text).add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    listing = add(actions, "list", "every version, with its status, the figures behind it and who decided")
    listing.set_defaults(called="show_list")
    listing.add_argument("--segmentation", metavar="NAME", help="default: every segmentation that learns from data")

    show = _about(add(actions, "show", "one version: parameters, data it was learnt from, criteria, decision"))
    show.set_defaults(called="show_version")

    diff = add(actions, "diff", "two versions: segments kept, new and retired, customers who would move, centres")
    diff.set_defaults(called="show_diff")
    diff.add_argument("segmentation", metavar="SEGMENTATION", help="its name")
    diff.add_argument("first", type=int, nargs="?", metavar="N", help="default: the version in use")
    diff.add_argument("second", type=int, nargs="?", metavar="M", help="default: the version that waits, or the newest")

    for name, help_text in (
        ("accept", "let a version that waits take over with the next run"),
        ("reject", "refuse a version that waits"),
        ("rollback", "use an earlier version again from the next run on; its segments come back under their ids"),
    ):
        command = _about(add(actions, name, help_text))
        command.set_defaults(called=name)
        command.add_argument("--because", required=True, metavar="TEXT", help="why, for the history; no personal data")
        command.add_argument("--by", metavar="NAME", help="who decides; default: the user's login name")


def _about(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("segmentation", metavar="SEGMENTATION", help="its name")
    parser.add_argument("number", type=int, metavar="N", help="number of the version, as `list` tells it")
    return parser
