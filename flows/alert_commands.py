"""The commands of `resegment alerts`: read or decide about alerts, print.

Owns: these commands and what they print. Does not own their arguments (`alert_arguments.py`), or the alerts
(`tasks/notify`).
"""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any

from flows import console
from flows.commands import opened, user_name, workspace_folder
from flows.embedded import embedded_prefect
from tasks.config.counting import counted
from tasks.config.errors import DeliveryError, UsageError
from tasks.notify import book, delivery, outbox
from tasks.warehouse import ledger
from tasks.warehouse.reading_run import read_ledger
from tasks.warehouse.run import open_ledger

_COLUMNS = [
    "no.",
    "severity",
    "kind",
    "about",
    "since",
    "runs",
    "customers",
    "a year's net",
    "owner",
    "state",
    "message",
]


def show_alerts(options: argparse.Namespace) -> int:
    """`resegment alerts list`."""
    space, paths = opened(options)
    with read_ledger(space, paths) as run:
        found = book.alerts(run.warehouse, everything=options.everything)
        waiting = outbox.undelivered(run.warehouse)
    if options.json:
        console.print_json({"alerts": found, "undelivered": waiting})
        return 0
    if found:
        console.print_table(_COLUMNS, [_row(alert) for alert in found], numbers=["no.", "runs", "customers"])
    else:
        console.out.print("no alert stands")
    for message in waiting:
        console.out.print(
            f"not delivered to {message['target_name']} after {message['try_count']} tries:"
            f" {message['title']} ({message['error_message']})",
            markup=False,
        )
    return 0


def _row(alert: dict[str, Any]) -> list[object]:
    amount = alert["net_amount"]
    return [
        alert["alert_no"],
        alert["severity_name"],
        alert["kind_name"],
        alert["subject_name"],
        alert["opened_as_of_date"],
        alert["run_count"],
        alert["customer_count"],
        None if amount is None else f"{amount:,.0f}",
        alert["owner_name"],
        _state(alert),
        alert["message"],
    ]


def _state(alert: dict[str, Any]) -> str:
    if alert["resolved_at"]:
        return f"over {alert['resolved_at']:%Y-%m-%d}"
    if alert["acknowledged_at"]:
        return f"{alert['acknowledged_by']}: {alert['acknowledged_reason']}"
    return "stands" if alert["told_at"] else "stands, silenced"


def acknowledge(options: argparse.Namespace) -> int:
    """`resegment alerts ack`."""
    space, paths = opened(options)
    with open_ledger(space, paths.root) as run:
        book.acknowledge(run.warehouse, options.number, by=user_name(), because=options.because)
    _say(options, {"acknowledged": options.number}, f"alert {options.number} is told again only if it gets worse")
    return 0


def silence(options: argparse.Namespace) -> int:
    """`resegment alerts silence`."""
    if (options.span is None) == (options.until is None):
        raise UsageError("a silence has an end", where="alerts silence", hint="give one of --for 2d and --until TIME")
    until = options.until or ledger.utc_now() + options.span
    space, paths = opened(options)
    with open_ledger(space, paths.root) as run:
        count = book.silence(
            run.warehouse, options.kind, options.subject, until=until, by=user_name(), because=options.because
        )
    about = f"{options.kind} of {options.subject}" if options.subject else options.kind
    _say(
        options,
        {"kind": options.kind, "subject": options.subject, "until": until, "standing": count},
        f"alerts {about} are not told until {until:%Y-%m-%d %H:%M} UTC; {count} of them stand now",
    )
    return 0


def try_targets(options: argparse.Namespace) -> int:
    """`resegment alerts test`."""
    space, _ = opened(options)
    targets = space.alerts.targets
    names = [options.target] if options.target else list(targets)
    if not names or (options.target and options.target not in targets):
        raise UsageError(
            f"there is no target {options.target!r}" if options.target else "the workspace has no targets",
            where=space.line_of("alerts", "targets"),
            hint=f"there are {', '.join(targets)}" if targets else "add alerts.targets to resegment.yaml",
        )
    moment = dt.datetime.now(dt.UTC)
    problems = {
        name: delivery.send(
            targets[name],
            title=f"{space.name}: a test",
            body=f"Alerts of {space.name} reach this target. Sent by `resegment alerts test` at {moment:%H:%M} UTC.",
            severity="warning",
        )
        for name in names
    }
    if options.json:
        console.print_json([{"target": name, "problem": problem} for name, problem in problems.items()])
    else:
        console.print_table(["target", "result"], [[name, problem or "taken"] for name, problem in problems.items()])
    failed = [name for name, problem in problems.items() if problem]
    if failed:
        raise DeliveryError(
            f"{', '.join(failed)}: the message was not taken", hint="see the results above, and the target's own log"
        )
    return 0


def check(options: argparse.Namespace) -> int:
    """`resegment alerts check`."""
    from flows.alerts import watch

    with embedded_prefect():
        sent = watch(workspace=str(workspace_folder(options)), output=options.output, overrides=options.overrides)
    space, paths = opened(options)
    with open_ledger(space, paths.root) as run:
        standing = len(book.alerts(run.warehouse))
    _say(
        options,
        {"sent": sent, "standing": standing},
        f"{counted(sent, 'message')} sent; {counted(standing, 'alert stands', 'alerts stand')}",
    )
    return 0


def _say(options: argparse.Namespace, as_json: dict[str, object], as_text: str) -> None:
    if options.json:
        console.print_json(as_json)
    else:
        console.out.print(as_text, markup=False)
