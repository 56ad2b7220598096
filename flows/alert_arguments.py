"""The arguments of `resegment alerts`.

Owns: their names, types and help. Does not own what the commands do (`alert_commands.py`).
"""

from __future__ import annotations

import argparse
from typing import get_args

from flows import argument_types as types
from tasks.config.alert_kinds import AlertKind


def add_alert_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], add_command: types.AddCommand
) -> None:
    """`alerts list|ack|silence|test|check`."""
    text = "alerts that stand: list, acknowledge and silence them, try a target, look for what no run tells of itself"
    actions = commands.add_parser("alerts", help=text, description=text).add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    listing = add_command(actions, "list", "alerts that stand, since when, how bad and whose; messages that wait")
    listing.set_defaults(called="show_alerts")
    listing.add_argument("--all", action="store_true", dest="everything", help="those that ended, too")

    ack = add_command(actions, "ack", "say that you know of an alert: it is not told again unless it gets worse")
    ack.set_defaults(called="acknowledge")
    ack.add_argument("number", type=int, metavar="N", help="number of the alert, as `list` tells it")
    ack.add_argument("--because", required=True, metavar="TEXT", help="what is done about it, for the others")

    silence = add_command(actions, "silence", "have alerts of a kind not told for a while; they are kept all the same")
    silence.set_defaults(called="silence")
    silence.add_argument("kind", choices=get_args(AlertKind), metavar="KIND", help=", ".join(get_args(AlertKind)))
    silence.add_argument("subject", nargs="?", metavar="SUBJECT", help="of this one alone, as `list` tells it")
    silence.add_argument("--for", dest="span", type=types.span, metavar="SPAN", help="hours or days, such as 8h or 2d")
    silence.add_argument("--until", type=types.time, metavar="TIME", help="UTC, such as 2025-07-01T06:00")
    silence.add_argument("--because", required=True, metavar="TEXT", help="why, for the others")

    test = add_command(actions, "test", "send a message to each target, and say which took it")
    test.set_defaults(called="try_targets")
    test.add_argument("--target", metavar="NAME", help="only this one")

    check = add_command(
        actions, "check", "alarm where the last run was killed or what is published is too old; send what waits"
    )
    check.set_defaults(called="check")
