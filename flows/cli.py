"""The command line: parses, calls, prints.

Owns: the arguments, the exit codes, and that a user sees no library noise. Does not own what a command does
(`commands.py`).

Exit codes: 0 ok; 1 failed; 2 wrong usage or workspace; 3 a quality gate stopped the run; 4 drift alarm (where the
workspace asks for it); 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from flows.embedded import prepare_environment

if TYPE_CHECKING:
    from tasks.config.errors import ResegmentError

_INTERRUPTED = 130
_DEBUG = "RESEGMENT_DEBUG"


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave with its exit code.

    The process ends here and now: nothing is left to do, and libraries that tidy up at the end of the interpreter print
    lines about leaked objects that are no user's concern.
    """
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
    from flows import commands
    from tasks.config.errors import ResegmentError

    try:
        command = getattr(commands, options.command)
        code: int = command(options)
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


def _told(error: ResegmentError, *, as_json: bool) -> int:
    from flows.console import print_error

    print_error(error, as_json=as_json)
    return error.exit_code


def build_parser() -> argparse.ArgumentParser:
    """The arguments of every command."""
    parser = argparse.ArgumentParser(
        prog="resegment",
        description="Keeps customer segments alive: ingests, checks, recomputes, compares and publishes them.",
        epilog="exit codes: 0 ok, 1 failed, 2 usage, 3 quality gate, 4 drift alarm where the workspace asks for it",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = _command(commands, "run", "run the pipeline for one as-of date and publish")
    run.add_argument("--as-of", type=_date, metavar="DATE", help="the day to describe, YYYY-MM-DD")
    run.add_argument(
        "--known-as-of", type=_time, metavar="TIME", help="see nothing that was loaded later than this UTC time"
    )
    run.add_argument(
        "--data-docs",
        action="store_true",
        help="also write Great Expectations' pages on the checks to data_docs/ of the output folder; a browser loads"
        " their styles and scripts from the internet (report/checks.html needs none)",
    )
    run.add_argument("--quiet", action="store_true", help="show warnings only")

    demo = _command(commands, "demo", "make the demo workspace and run it for three months", workspace=False)
    demo.add_argument("--customers", type=int, default=2000, metavar="N", help="from 100 to 10000000 (default 2000)")
    demo.add_argument("--seed", type=int, default=20250630, help="another seed makes another company")
    demo.add_argument("--directory", default="resegment-demo", metavar="DIR", help="default: resegment-demo")
    demo.add_argument("--quiet", action="store_true", help="show warnings only")

    _command(commands, "status", "what is published, as of when, and how the last runs ended")
    explain = _command(commands, "explain", "why a customer is in his segments")
    explain.add_argument("customer_id", metavar="CUSTOMER_ID")
    report = _command(commands, "report", "say where the report of the last run is")
    report.add_argument("--open", action="store_true", help="open it in the browser")
    _command(commands, "validate", "check workspace, SQL, rules and expectations without running")
    schema = commands.add_parser("schema", help="print the JSON Schema of resegment.yaml, for editors")
    schema.set_defaults(json=False)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_text: str, *, workspace: bool = True
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_text, description=help_text)
    if workspace:
        parser.add_argument(
            "--workspace",
            metavar="DIR",
            help="folder with resegment.yaml; default: this folder, or the embedded demo where it has none",
        )
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="K=V",
        help="replace a value of the workspace, such as sources.orders.path=/data/x.csv; repeatable",
    )
    parser.add_argument("--output", metavar="DIR", help="folder to write to instead of the workspace's `output`")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date, expected YYYY-MM-DD such as 2025-06-30") from error


def _time(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time, expected such as 2025-06-30T06:00") from error
    return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment


if __name__ == "__main__":
    main()
