"""The book of alerts: which stand, since when, who knows of it, and what is to be told.

Owns: `ops.alert_state` and `ops.alert_silence`, and when an alert opens, goes on, gets worse and ends. Does not own
what raises one (`findings.py`, `watch.py`), or where it goes (`outbox.py`).

An alert is known by its kind and subject. It is told once when it opens and when it gets worse, again after
`alerts.repeat_days` while nobody acknowledged it, and when it is mended, if it was told and is of a kind that lasts.
It gets worse where a warning becomes critical, and where more is wrong of the subject than was told (`parts.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tasks.config.alert_kinds import AlertKind
from tasks.config.errors import UsageError
from tasks.notify import parts
from tasks.notify.findings import Finding
from tasks.notify.kinds import KINDS
from tasks.warehouse import ledger
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.run import Run

#: Of the messages of one subject so many are told.
_MESSAGES_TOLD = 3
News = Literal["opened", "worse", "still", "resolved"]
_OPEN = "SELECT * FROM ops.alert_state WHERE resolved_at IS NULL ORDER BY alert_no"


@dataclass(frozen=True, slots=True)
class Told:
    """One alert that somebody is to hear of, with its row of `ops.alert_state`."""

    news: News
    alert: dict[str, Any]


def settle(
    run: Run,
    findings: Sequence[Finding],
    judged: Collection[AlertKind],
    *,
    subjects: Collection[str] | None = None,
    now: dt.datetime | None = None,
) -> list[Told]:
    """Bring the book up to what was found; returns what is to be told, the gravest first.

    Args:
        run: who found it.
        findings: what is so now, complete (`facts.complete`).
        judged: kinds of which all that is so was looked for: what stands of them and was not found is over.
        subjects: of these alone; None: of whatever subject.
        now: the clock, UTC without a zone.
    """
    moment = now or ledger.utc_now()
    groups = _grouped(findings)
    found = {key: _together(group) for key, group in groups.items()}
    every = run.warehouse.records(_OPEN)
    past = {row["alert_no"] for row in every if _is_past(row, found.get(_key(row)), run.as_of)}
    standing = {_key(row): row for row in every if row["alert_no"] not in past}
    for key, group in groups.items():
        if key in standing:
            _go_on(run, standing[key], group, moment)
        elif found[key].opens:
            _open(run, found[key], moment)
    over = [row for key, row in standing.items() if key not in found]
    over += [row for row in every if row["alert_no"] in past]
    over = [row for row in over if row["kind_name"] in judged and (subjects is None or row["subject_name"] in subjects)]
    for row in over:
        run.warehouse.execute(
            "UPDATE ops.alert_state SET resolved_at = $now WHERE alert_no = $number",
            {"now": moment, "number": row["alert_no"]},
        )
    mended = [row for row in over if row["told_at"] is not None and KINDS[row["kind_name"]].lasts]
    return due(run, moment) + [Told("resolved", row) for row in mended if not _is_silenced(run.warehouse, row, moment)]


def _key(row: dict[str, Any]) -> tuple[str, str]:
    return row["kind_name"], row["subject_name"]


def _is_past(row: dict[str, Any], finding: Finding | None, as_of: dt.date) -> bool:
    """Whether something only happened, so that it is news again where it happens again.

    It is not by a run of the same day that is repeated, nor by a change since a date before the last run that showed
    it: what happened once shows in windows of weeks at each run, until it lies before them.
    """
    if KINDS[row["kind_name"]].lasts or row["last_as_of_date"] == as_of:
        return False
    return finding is None or finding.since is None or bool(finding.since >= row["last_as_of_date"])


def due(run: Run, now: dt.datetime) -> list[Told]:
    """What stands and is to be told now; it counts as told from here on."""
    told = []
    for row in run.warehouse.records(_OPEN):
        news = _news(row, run.workspace.alerts.repeat_days, now)
        if news is None or _is_silenced(run.warehouse, row, now):
            continue
        run.warehouse.execute(
            "UPDATE ops.alert_state SET told_at = $now, told_severity_name = severity_name,"
            " told_parts_json = found_parts_json WHERE alert_no = $number",
            {"now": now, "number": row["alert_no"]},
        )
        told.append(Told(news, row))
    return sorted(told, key=lambda one: (one.alert["severity_name"] != "critical", one.alert["alert_no"]))


def _news(row: dict[str, Any], repeat_days: int | None, now: dt.datetime) -> News | None:
    if row["told_at"] is None:
        return "opened"
    if row["severity_name"] == "critical" and row["told_severity_name"] == "warning":
        return "worse"
    if parts.untold(row["subject_name"], parts.told(row), parts.found(row)):
        return "worse"
    is_due = repeat_days is not None and now - row["told_at"] >= dt.timedelta(days=repeat_days)
    return "still" if is_due and row["acknowledged_at"] is None else None


def _grouped(findings: Sequence[Finding]) -> dict[tuple[str, str], list[Finding]]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.kind, finding.subject), []).append(finding)
    return groups


def _together(group: list[Finding], news: Collection[str] = ()) -> Finding:
    """One finding of a kind and subject, with the gravest severity and all that is said, parts that are news first."""
    ordered = sorted(group, key=lambda one: (one.severity != "critical", not one.opens))
    told_first = sorted(ordered, key=lambda one: not any(part in news for part in one.parts))
    messages = list(dict.fromkeys(one.message for one in told_first))
    said = "; ".join(messages[:_MESSAGES_TOLD])
    if len(messages) > _MESSAGES_TOLD:
        said += f"; and {len(messages) - _MESSAGES_TOLD} more"
    since = min((one.since for one in group if one.since), default=None)
    return replace(ordered[0], message=said, since=since, parts=_parts(group))


def _parts(group: Sequence[Finding]) -> parts.Parts:
    return {part: count for one in group for part, count in one.parts.items()}


def _open(run: Run, finding: Finding, now: dt.datetime) -> None:
    number = run.warehouse.value("SELECT coalesce(max(alert_no), 0) + 1 FROM ops.alert_state")
    ledger.insert(
        run.warehouse,
        "alert_state",
        {
            "alert_no": number,
            "kind_name": finding.kind,
            "subject_name": finding.subject,
            "opened_at": now,
            "opened_as_of_date": run.as_of,
            "run_count": 1,
            **_facts(run, finding, now),
        },
    )


def _go_on(run: Run, row: dict[str, Any], group: list[Finding], now: dt.datetime) -> None:
    now_wrong = _parts(group)
    before = parts.still_told(row, now_wrong)
    finding = _together(group, parts.untold(row["subject_name"], before, now_wrong))
    facts = _facts(run, finding, now) | {"told_parts_json": parts.written(before)}
    run.warehouse.execute(
        "UPDATE ops.alert_state SET run_count = run_count + 1, "
        + ", ".join(f"{name} = ${name}" for name in facts)
        + " WHERE alert_no = $number",
        facts | {"number": row["alert_no"]},
    )


def _facts(run: Run, finding: Finding, now: dt.datetime) -> dict[str, object]:
    return {
        "severity_name": finding.severity,
        "message": finding.message,
        "owner_name": finding.owner or run.workspace.alerts.owner,
        "customer_count": finding.customer_count,
        "net_amount": None if finding.net_amount is None else float(finding.net_amount),
        "cause": finding.cause,
        "consequence": finding.consequence,
        "last_at": now,
        "last_as_of_date": run.as_of,
        "found_parts_json": parts.written(finding.parts),
    }


def alerts(warehouse: Warehouse, *, everything: bool = False) -> list[dict[str, Any]]:
    """Alerts that stand, the gravest and oldest first; with `everything` those that ended, too, the newest last."""
    where = "" if everything else " WHERE resolved_at IS NULL"
    return warehouse.records(
        f"SELECT * FROM ops.alert_state{where}"
        " ORDER BY resolved_at IS NOT NULL, resolved_at, severity_name <> 'critical', alert_no"
    )


def acknowledge(warehouse: Warehouse, number: int, *, by: str, because: str, now: dt.datetime | None = None) -> None:
    """Note that somebody knows of an alert: it is not told again unless it gets worse.

    Raises:
        UsageError: no alert of that number stands.
    """
    changed = warehouse.rows(
        "UPDATE ops.alert_state SET acknowledged_at = $now, acknowledged_by = $by, acknowledged_reason = $because"
        " WHERE alert_no = $number AND resolved_at IS NULL RETURNING alert_no",
        {"now": now or ledger.utc_now(), "by": by, "because": because, "number": number},
    )
    if not changed:
        standing = ", ".join(str(row["alert_no"]) for row in alerts(warehouse)) or "none"
        raise UsageError(
            f"no alert number {number} stands; those that do: {standing}", hint="see `resegment alerts list`"
        )


def silence(
    warehouse: Warehouse, kind: AlertKind, subject: str | None, *, until: dt.datetime, by: str, because: str
) -> int:
    """Have alerts of a kind (of one subject, or of all) not told until then; returns how many that stand it is about.

    Raises:
        UsageError: the end has passed.
    """
    now = ledger.utc_now()
    if until <= now:
        raise UsageError(
            f"the silence would end at {until:%Y-%m-%d %H:%M} UTC, which has passed",
            where="--until",
            hint="give a later time, or --for with a number of hours or days, such as 8h or 2d",
        )
    ledger.insert(
        warehouse,
        "alert_silence",
        {
            "silence_no": warehouse.value("SELECT coalesce(max(silence_no), 0) + 1 FROM ops.alert_silence"),
            "kind_name": kind,
            "subject_name": subject,
            "silenced_at": now,
            "until_at": until,
            "silenced_by": by,
            "silence_reason": because,
        },
    )
    return sum(row["kind_name"] == kind and subject in {None, row["subject_name"]} for row in alerts(warehouse))


def _is_silenced(warehouse: Warehouse, row: dict[str, Any], now: dt.datetime) -> bool:
    return bool(
        warehouse.value(
            "SELECT count(*) FROM ops.alert_silence WHERE kind_name = $kind AND silenced_at <= $now"
            " AND until_at > $now AND (subject_name IS NULL OR subject_name = $subject)",
            {"kind": row["kind_name"], "subject": row["subject_name"], "now": now},
        )
    )
