"""The command line: parses, calls, prints.

Owns: the arguments, the exit codes, and that a user sees no library noise. Does not own what a command does
(`commands.py`, `audit_command.py`, `quarantine_commands.py`, `template_commands.py`).

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
from collections.abc import Callable, Sequence
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
    # Each is imported where it is called: a command waits for no libraries but its own.
    if options.command == "quarantine":
        from flows import quarantine_commands

        named: Callable[[argparse.Namespace], int] = getattr(quarantine_commands, options.called)
    elif options.command == "audit":
        from flows import audit_command

        named = audit_command.audit
    elif options.command == "template":
        from flows import template_commands

        named = getattr(template_commands, options.called)
    else:
        from flows import commands

        named = getattr(commands, options.command)
    return named


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
    explain.add_argument(
        "customer_id", metavar="CUSTOMER_ID", help="the company's own id, or the pseudonym that is published for it"
    )
    audit = _command(
        commands, "audit", "how healthy segments are, and which known mistakes segmentations make, with what to do"
    )
    audit.add_argument("--segmentation", metavar="NAME", help="of this one alone")
    report = _command(commands, "report", "say where the report of the last run is")
    report.add_argument("--open", action="store_true", help="open it in the browser")
    features = _command(
        commands, "features", "list the features that segmentations may use, the workspace's own included"
    )
    features.add_argument(
        "text", nargs="?", default="", metavar="TEXT", help="only those whose name, theme or meaning has this in it"
    )
    _command(commands, "validate", "check workspace, SQL, rules and expectations without running")
    _quarantine(commands)
    _template(commands)
    schema = commands.add_parser("schema", help="print the JSON Schema of resegment.yaml, for editors")
    schema.set_defaults(json=False)
    return parser


def _quarantine(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "list, show and work off the rows that were kept out"
    actions = commands.add_parser("quarantine", help=text, description=text).add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    listing = _command(actions, "list", "what is kept out, by source, column and reason")
    listing.set_defaults(called="show_list")
    listing.add_argument(
        "--status",
        default="open",
        choices=("open", "replayed", "released", "discarded", "superseded", "all"),
        help="default open; superseded: open when a newer version of the file came",
    )
    listing.add_argument("--source", metavar="S", help="only of this source")
    listing.add_argument("--reason", metavar="TEXT", help="only where column or reason contain this")
    listing.add_argument("--rows", action="store_true", help="one line a row instead of one a reason")
    listing.add_argument("--limit", type=_count, default=50, metavar="N", help="lines shown (default 50)")

    show = _command(actions, "show", "one row: what came, what is wrong, what was decided")
    show.set_defaults(called="show_case")
    show.add_argument("number", type=int, metavar="N", help="number of the row, as `list` tells it")
    show.add_argument("--contacts", action="store_true", help="show names, addresses and comments as they are")

    replay = _command(actions, "replay", "read rows again under today's mapping and rules, load those that pass")
    replay.set_defaults(called="replay")
    replay.add_argument("numbers", type=int, nargs="*", metavar="N", help="numbers of rows; default: all that are open")
    replay.add_argument("--source", metavar="S", help="only rows of this source")

    release = _command(actions, "release", "let rows in although they break a rule, or close them as not wanted")
    release.set_defaults(called="release")
    release.add_argument("numbers", type=int, nargs="+", metavar="N", help="numbers of rows")
    release.add_argument("--because", required=True, metavar="TEXT", help="why, for the history; no personal data")
    release.add_argument("--discard", action="store_true", help="close the rows: nobody wants them")
    for command in (replay, release):
        command.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")


def _template(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "segmentations that are used by name: list them, show one"
    actions = commands.add_parser("template", help=text, description=text).add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    listing = actions.add_parser("list", help="every template in a line", description="every template in a line")
    listing.set_defaults(called="show_templates")
    said = "one template: what it needs, its parameters, its segments, an example"
    show = actions.add_parser("show", help=said, description=said)
    show.set_defaults(called="show_template")
    show.add_argument("name", metavar="NAME", help="name of the template")
    for command in (listing, show):
        command.add_argument(
            "--workspace", metavar="DIR", help="folder whose own `templates/` are looked at, too; default: this folder"
        )
        command.add_argument("--json", action="store_true", help="print the result as JSON")


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


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of lines, expected 1 or more")
    return int(text)


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
