"""The arguments of every command.

Owns: their names, types and help. Does not own what a command does, or those of `model`, `refit`
(`model_arguments.py`), `alerts` (`alert_arguments.py`), `forget` and `export` (`forget_arguments.py`).
"""

from __future__ import annotations

import argparse

from flows import argument_types as types
from flows.alert_arguments import add_alert_commands
from flows.backfill_arguments import add_backfill
from flows.forget_arguments import add_commands_about_persons
from flows.model_arguments import add_model_commands


def build_parser() -> argparse.ArgumentParser:
    """The arguments of every command."""
    parser = argparse.ArgumentParser(
        prog="resegment",
        description="Keeps customer segments alive: ingests, checks, recomputes, compares and publishes them.",
        epilog="exit codes: 0 ok, 1 failed, 2 usage, 3 quality gate, 4 drift alarm where the workspace asks for it",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    _run(commands)
    add_backfill(commands, add_command)

    demo = add_command(commands, "demo", "make the demo workspace and run it for three months", workspace=False)
    demo.add_argument("--customers", type=int, default=2000, metavar="N", help="from 100 to 10000000 (default 2000)")
    demo.add_argument("--seed", type=int, default=20250630, help="another seed makes another company")
    demo.add_argument("--directory", default="resegment-demo", metavar="DIR", help="default: resegment-demo")
    demo.add_argument("--quiet", action="store_true", help="show warnings only")

    _look(commands)
    _explain(commands)
    audit = add_command(
        commands, "audit", "how healthy segments are, and which known mistakes segmentations make, with what to do"
    )
    audit.add_argument("--segmentation", metavar="NAME", help="of this one alone")
    report = add_command(commands, "report", "say where the report of the last run is")
    report.add_argument("--open", action="store_true", help="open it in the browser")
    features = add_command(
        commands, "features", "list the features that segmentations may use, the workspace's own included"
    )
    features.add_argument(
        "text", nargs="?", default="", metavar="TEXT", help="only those whose name, theme or meaning has this in it"
    )
    add_command(commands, "validate", "check workspace, SQL, rules and expectations without running")
    _plan(commands)
    _quarantine(commands)
    add_model_commands(commands, add_command)
    add_alert_commands(commands, add_command)
    add_commands_about_persons(commands, add_command)
    serving = add_command(
        commands, "serve", "run what `schedules` of workspaces say, in one process beside a Prefect server"
    )
    serving.add_argument("folders", nargs="*", metavar="DIR", help="workspaces; default: the one of --workspace")
    _rebuild(commands)
    _template(commands)
    schema = commands.add_parser("schema", help="print the JSON Schema of resegment.yaml, for editors")
    schema.set_defaults(json=False)
    return parser


def _run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = add_command(commands, "run", "run the pipeline for one as-of date and publish")
    run.add_argument("--as-of", type=types.date, metavar="DATE", help="the day to describe, YYYY-MM-DD")
    run.add_argument(
        "--known-as-of", type=types.time, metavar="TIME", help="see nothing that was loaded later than this UTC time"
    )
    run.add_argument(
        "--data-docs",
        action="store_true",
        help="also write Great Expectations' pages on the checks to data_docs/ of the output folder; a browser loads"
        " their styles and scripts from the internet (report/checks.html needs none)",
    )
    run.add_argument("--quiet", action="store_true", help="show warnings only")


def _look(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = add_command(commands, "check", "load new files and check them, without computing or publishing anything")
    check.add_argument("--as-of", type=types.date, metavar="DATE", help="the day to describe, YYYY-MM-DD")
    check.add_argument("--quiet", action="store_true", help="show warnings only")
    status = add_command(commands, "status", "what is published and is it fresh, what failed, what waits")
    status.add_argument(
        "--stale", action="store_true", help="published dates that would come out otherwise today, and why"
    )


def _explain(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    explain = add_command(commands, "explain", "why a customer is in his segments, and what would move him")
    explain.add_argument(
        "customer_id", metavar="CUSTOMER_ID", help="the company's own id, or the pseudonym that is published for it"
    )
    explain.add_argument("--segmentation", metavar="NAME", help="only this segmentation")
    explain.add_argument(
        "--not-in", metavar="SEGMENT", help="say why he is not in this segment, written as segmentation.segment"
    )


def _plan(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    plan = add_command(commands, "plan", "what an edited workspace would change, before it is applied; writes nothing")
    plan.add_argument("--examples", type=types.count, default=0, metavar="N", help="ids of customers who would move")
    plan.add_argument("--markdown", action="store_true", help="print Markdown, for a pull request")
    plan.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="end with 5 where something changes and 6 where a consumer breaks, 0 where nothing changes",
    )


def _quarantine(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "list, show and work off the rows that were kept out"
    actions = commands.add_parser("quarantine", help=text, description=text).add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    listing = add_command(actions, "list", "what is kept out, by source, column and reason")
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
    listing.add_argument("--limit", type=types.count, default=50, metavar="N", help="lines shown (default 50)")

    show = add_command(actions, "show", "one row: what came, what is wrong, what was decided")
    show.set_defaults(called="show_case")
    show.add_argument("number", type=int, metavar="N", help="number of the row, as `list` tells it")
    show.add_argument("--contacts", action="store_true", help="show names, addresses and comments as they are")

    replay = add_command(actions, "replay", "read rows again under today's mapping and rules, load those that pass")
    replay.set_defaults(called="replay")
    replay.add_argument("numbers", type=int, nargs="*", metavar="N", help="numbers of rows; default: all that are open")
    replay.add_argument("--source", metavar="S", help="only rows of this source")

    release = add_command(actions, "release", "let rows in although they break a rule, or close them as not wanted")
    release.set_defaults(called="release")
    release.add_argument("numbers", type=int, nargs="+", metavar="N", help="numbers of rows")
    release.add_argument("--because", required=True, metavar="TEXT", help="why, for the history; no personal data")
    release.add_argument("--discard", action="store_true", help="close the rows: nobody wants them")
    for command in (replay, release):
        command.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")


def _rebuild(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    rebuild = add_command(
        commands, "rebuild", "make a damaged or lost warehouse anew from its copy, and what is published from it"
    )
    rebuild.add_argument("--yes", action="store_true", help="do not ask")
    rebuild.add_argument("--dry-run", action="store_true", help="say what is wrong and what would be done")
    rebuild.add_argument("--quiet", action="store_true", help="show warnings only")
    withdraw = add_command(
        commands, "withdraw", "take the newest published date back, such as one of a clock that ran ahead"
    )
    withdraw.add_argument("date", type=types.date, metavar="DATE", help="the newest published date, YYYY-MM-DD")
    withdraw.add_argument("--yes", action="store_true", help="do it; without it what would be done is said")
    withdraw.add_argument("--quiet", action="store_true", help="show warnings only")


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


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_text: str, *, workspace: bool = True
) -> argparse.ArgumentParser:
    """A command with the arguments that all have; `workspace`: it may be of any workspace."""
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
