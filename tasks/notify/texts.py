"""What a message says: plain text that a telephone shows.

Owns: the words. Does not own who gets it (`outbox.py`). No value of a source is in it: findings hold none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tasks.config.counting import counted
from tasks.notify.book import Told
from tasks.notify.kinds import KINDS
from tasks.warehouse import ledger
from tasks.warehouse.run import Run

_NEWS = {"opened": "", "worse": " (got worse)", "still": " (still so)", "resolved": ""}


def title(run: Run, told: Iterable[Told]) -> str:
    """One line: which workspace, and how many of what."""
    counts = Counter("resolved" if one.news == "resolved" else one.alert["severity_name"] for one in told)
    said = ", ".join(f"{counts[name]} {name}" for name in ("critical", "warning", "resolved") if counts[name])
    return f"{run.workspace.name}: {said}"


def body(run: Run, told: Iterable[Told]) -> str:
    """Each alert with what a reader needs to act, and what is still published."""
    parts = ["\n".join(_resolved(one.alert) if one.news == "resolved" else _standing(run, one)) for one in told]
    return "\n\n".join([*parts, published_sentence(run)])


def published_sentence(run: Run) -> str:
    """What readers have."""
    published = ledger.publications(run.warehouse)
    if not published:
        return "Nothing is published yet."
    return f"Published: as of {published[-1].as_of}, run {published[-1].run_id}, in {run.paths.published}"


def _standing(run: Run, told: Told) -> Iterator[str]:
    alert = told.alert
    kind = KINDS[alert["kind_name"]]
    yield f"{alert['severity_name'].upper()} {alert['kind_name']}{_NEWS[told.news]}: {kind.meaning}"
    yield f"  {alert['message']}"
    runs = "" if alert["run_count"] == 1 else f", {alert['run_count']} runs"
    facts = [f"since {alert['opened_as_of_date']}{runs}"]
    if alert["customer_count"] is not None:
        facts.append(counted(alert["customer_count"], "customer"))
    if alert["net_amount"] is not None:
        facts.append(f"net amount of a year {alert['net_amount']:,.0f}")
    yield f"  {', '.join(facts)}; number {alert['alert_no']}, for {alert['owner_name']}"
    if alert["consequence"]:
        yield f"  what readers would get wrong: {alert['consequence']}"
    yield f"  likely: {alert['cause']}"
    yield f"  look: {kind.command}"
    yield f"  runbook: {run.workspace.alerts.docs_url}runbooks/{kind.runbook}.md"


def _resolved(alert: dict[str, Any]) -> Iterator[str]:
    yield f"RESOLVED {alert['kind_name']}: {alert['message']}"
    yield f"  stood since {alert['opened_as_of_date']}, last seen as of {alert['last_as_of_date']}"
