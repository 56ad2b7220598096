"""The arguments of `resegment forget` and `resegment export`.

Owns: those. Does not own what the commands do (`forget_command.py`, `export_command.py`).
"""

from __future__ import annotations

import argparse

from flows import argument_types as types


def add_commands_about_persons(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], add: types.AddCommand
) -> None:
    """Add both to the command line.

    Args:
        commands: of the whole command line.
        add: adds a command with the arguments that all have.
    """
    forget = add(
        commands, "forget", "erase customers from everything that is kept, prove it, and keep them from coming back"
    )
    forget.add_argument("ids", nargs="*", metavar="ID", help="the company's own id, or the pseudonym that is published")
    forget.add_argument("--from-file", metavar="FILE", help="ids from a file, one a line")
    forget.add_argument("--reason", default="", metavar="TEXT", help="why, for the audit; no personal data")
    forget.add_argument("--by", metavar="NAME", help="who asks; default: the user's login name")
    forget.add_argument("--dry-run", action="store_true", help="say what would be taken out, and change nothing")
    forget.add_argument("--yes", action="store_true", help="do it: it cannot be undone")
    forget.add_argument(
        "--list", action="store_true", help="who was erased, when and why; of identities keyed hashes alone"
    )

    export = add(commands, "export", "everything that is held of a customer, for him to read or take elsewhere")
    export.add_argument("id", metavar="ID", help="the company's own id, or the pseudonym that is published")
    export.add_argument("--to", metavar="FILE", help="write to this file, which its owner alone may read")
    export.add_argument(
        "--format", choices=("json", "csv"), default="json", help="default json; csv has one value a line"
    )
