"""The command line: parses, calls, prints.

Owns: the exit codes, which module a command is in, and that a user sees no library noise. Does not own the arguments
(`arguments.py`) or what a command does.

Exit codes: 0 ok; 1 failed; 2 wrong usage or workspace; 3 a quality gate stopped the run; 4 drift alarm (where the
workspace asks for it); 5 `plan --detailed-exitcode`: something changes; 6 the same: a consumer breaks; 130 interrupted.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from flows.arguments import build_parser
from flows.embedded import prepare_environment

if TYPE_CHECKING:
    import argparse

    from tasks.config.errors import ResegmentError

_INTERRUPTED = 130
_DEBUG = "RESEGMENT_DEBUG"
_OBJECTS_BETWEEN_COLLECTIONS = 10_000
#: Where a command is that is not in `commands.py`.
_MODULES = {
    "alerts": "alert_commands",
    "audit": "audit_command",
    "backfill": "backfill_command",
    "check": "quality_command",
    "explain": "explain_command",
    "export": "export_command",
    "forget": "forget_command",
    "model": "model_commands",
    "plan": "plan_command",
    "quarantine": "quarantine_commands",
    "rebuild": "rebuild_command",
    "withdraw": "withdraw_command",
    "refit": "model_commands",
    "serve": "serve_command",
    "status": "status_command",
    "template": "template_commands",
}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit code.

    The process ends here and now: nothing is left to do, and libraries that tidy up at the end of the interpreter print
    lines about leaked objects that are no user's concern.
    """
    # Libraries make a million objects that stay while they are imported; by Python's own threshold a second of sixteen
    # that a small run takes goes into looking for garbage among them.
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        code = run_command(sys.argv[1:] if arguments is None else arguments)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def run_command(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code."""
    if not os.environ.get(_DEBUG):
        warnings.simplefilter("ignore")
    prepare_environment()
    options = build_parser().parse_args(arguments)
    from tasks.config.errors import ResegmentError

    try:
        command = _command_of(options)
        code = command(options)
    except ResegmentError as error:
        return _told(error, as_json=options.json)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: what was published stays as it was\n")
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away, such as `head`; nothing is left to tell it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get(_DEBUG):
            raise
        sys.stderr.write(
            f"internal error {type(error).__name__}: {error}\n"
            f"  → what was published stays as it was; set {_DEBUG}=1 for the traceback and report it\n"
        )
        return 1
    return code


def _command_of(options: argparse.Namespace) -> Callable[[argparse.Namespace], int]:
    # Imported where it is called: a command waits for no libraries but its own.
    module = importlib.import_module(f"flows.{_MODULES.get(options.command, 'commands')}")
    named: Callable[[argparse.Namespace], int] = getattr(module, getattr(options, "called", options.command))
    return named


def _told(error: ResegmentError, *, as_json: bool) -> int:
    from flows.console import print_error

    print_error(error, as_json=as_json)
    return error.exit_code


if __name__ == "__main__":
    main()
