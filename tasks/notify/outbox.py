"""The outbox: messages that are to be sent, kept until a target took them.

Owns: `ops.notification`, which target gets which message, and when it may go. Does not own how a message is sent
(`delivery.py`).

A message is written in the transaction that notes its alerts as told, and leaves the outbox when its target took it: it
arrives once, or twice where a process dies between the two, never not at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from tasks.notify import texts
from tasks.notify.book import Told
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import Run

_WAITING = (
    "SELECT * FROM ops.notification WHERE sent_at IS NULL AND (not_before_at IS NULL OR not_before_at <= $now)"
    " ORDER BY notification_no"
)


def post(run: Run, told: Sequence[Told], now: dt.datetime | None = None) -> int:
    """Write one message a target with all that concerns it; returns how many messages.

    Warnings of a quiet time wait until it ends; with something critical, everything goes at once.
    """
    moment = now or ledger.utc_now()
    policy = run.workspace.alerts
    by_target: dict[str, list[Told]] = {name: [] for name in policy.targets}
    for one in told:
        alert = one.alert
        for name in policy.targets_of(alert["severity_name"], alert["kind_name"], alert["owner_name"]):
            by_target[name].append(one)
    messages = {name: ones for name, ones in by_target.items() if ones}
    for name, ones in messages.items():
        is_critical = any(one.alert["severity_name"] == "critical" and one.news != "resolved" for one in ones)
        ledger.insert(
            run.warehouse,
            "notification",
            {
                "notification_no": run.warehouse.value(
                    "SELECT coalesce(max(notification_no), 0) + 1 FROM ops.notification"
                ),
                "target_name": name,
                "severity_name": "critical" if is_critical else "warning",
                "title": texts.title(run, ones),
                "body": texts.body(run, ones),
                "written_at": moment,
                "not_before_at": None if is_critical else policy.quiet_until(moment),
                "try_count": 0,
            },
        )
    return len(messages)


def waiting(warehouse: Warehouse, now: dt.datetime | None = None) -> list[dict[str, Any]]:
    """Messages that may go, oldest first."""
    return warehouse.records(_WAITING, {"now": now or ledger.utc_now()})


def note_try(warehouse: Warehouse, number: int, error: str | None, now: dt.datetime | None = None) -> None:
    """Note that a message was sent, or what was in its way."""
    warehouse.execute(
        "UPDATE ops.notification SET try_count = try_count + 1, error_message = $error,"
        " sent_at = CASE WHEN $error IS NULL THEN $now END WHERE notification_no = $number",
        {"error": error, "now": now or ledger.utc_now(), "number": number},
    )


def undelivered(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Messages that a target did not take yet, oldest first."""
    return warehouse.records(
        "SELECT notification_no, target_name, title, try_count, error_message FROM ops.notification"
        " WHERE sent_at IS NULL AND try_count > 0 ORDER BY notification_no"
    )
