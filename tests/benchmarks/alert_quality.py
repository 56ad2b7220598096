"""How often alarms are right: a year of weekly runs of companies to which nothing happens, and to which something does.

    python -m tests.benchmarks.alert_quality [--companies 1] [--first 0] [--customers 500] [--weeks 52] [--refits] [--output docs/benchmarks-alerts.md]

Each company is the demo without planted defects, its exports as they would have been on each Sunday; the whole refresh
runs, and what it raises is read from the ledger. The same company then lives the same year again with four events in
its files (`EVENTS`). A week is an event's for `WEEKS_OF_EVENT` weeks from the one in which it begins. An alarm is an
alert of severity critical that was not raised in the week before; other alerts are warnings, and are counted apart.
With `--refits` clusters are fitted anew every other week, by two algorithms, and projected to all customers.
Writes each week as a line of JSON to `--journal`, so that a run that is stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from scipy.stats import beta

from tests.benchmarks.alert_companies import EVENTS, WEEKS_OF_EVENT, Event, Week, live

_BY_HAND = "## What it comes of\n"

#: Weeks with their alerts that are news, and alarms by `id` of the week.
Told = list[tuple[Week, list[list[str]]]]
Alarms = Mapping[int, list[list[str]]]


def news(weeks: Iterable[Week]) -> Told:
    """Of each week the alerts whose kind and subject were not raised in the week before."""
    found, before = [], dict[tuple[int, bool], set[tuple[str, ...]]]()
    for week in weeks:
        key = (week.company, week.is_planted)
        known = before.get(key, set())
        found.append((week, [alert for alert in week.alerts if tuple(alert[:3]) not in known]))
        before[key] = {tuple(alert[:3]) for alert in week.alerts}
    return found


def _interval(hits: int, of: int) -> str:
    """Counts with the 95 % interval (Clopper & Pearson, Biometrika 26, 1934, p. 404)."""
    low = float(beta.ppf(0.025, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, of - hits)) if hits < of else 1.0
    return f"{hits} of {of} ({low:.2f}–{high:.2f})"


def page(weeks: list[Week], customers: int) -> str:
    """The figures in Markdown."""
    told = news(weeks)
    alarms = {id(week): [alert for alert in alerts if alert[0] == "critical"] for week, alerts in told}
    # Until the first event the two years of a company are the same weeks.
    quiet = [week for week in weeks if not week.is_planted]
    after = [week for week in weeks if week.is_planted and week.event is None and week.week > EVENTS[0].week]
    at_event = [week for week in weeks if week.event is not None]
    right, wrong = (sum(len(alarms[id(week)]) for week in group) for group in (at_event, quiet))
    groups = {"nothing happens": quiet, "an event, 4 weeks each": at_event, "later weeks after an event": after}
    companies = len({week.company for week in weeks})
    stopped = [f" Week {week.week}: {week.status}" for week in weeks if week.status != "published"]
    lines = [
        "# Alarms over a year of weekly runs",
        "",
        f"Written by `python -m tests.benchmarks.alert_quality`: companies {companies}, of {customers} customers each, {len(weeks)} weekly runs.",
        "An alarm is a critical alert whose kind and subject were not raised the week before.",
        "",
        "| weeks | number | alarms | alarms a week | weeks with an alarm | warnings a week |",
        "|---|---|---|---|---|---|",
        *(_of_weeks(name, group, told, alarms) for name, group in groups.items() if group),
        "",
        f"Precision, of alarms in quiet weeks and weeks of an event: {_interval(right, right + wrong)}.",
        "",
        "| event | companies told within 4 weeks | first alarm, weeks after | what was told first | first warning that the quiet year has not |",
        "|---|---|---|---|---|",
        *(
            _of_event(event, at_event, alarms, _warnings(event, told))
            for event in EVENTS
            if any(week.event == event for week in at_event)
        ),
        "",
        "What was raised in weeks in which nothing happens:",
        "",
        "| severity | kind | times | such as |",
        "|---|---|---|---|",
        *_raised([alert for week, alerts in told if not week.is_planted for alert in alerts]),
        "",
        f"Runs that did not publish: {len(stopped)}.{''.join(stopped)}",
    ]
    return "\n".join(lines) + "\n"


def _of_weeks(name: str, group: list[Week], told: Told, alarms: Alarms) -> str:
    count = sum(len(alarms[id(week)]) for week in group)
    some = sum(bool(alarms[id(week)]) for week in group)
    warned = sum(len(alerts) for week, alerts in told if week in group) - count
    return (
        f"| {name} | {len(group)} | {count} | {count / len(group):.3f} | {_interval(some, len(group))} |"
        f" {warned / len(group):.2f} |"
    )


def _raised(alerts: list[list[str]]) -> list[str]:
    kinds = Counter((severity, kind) for severity, kind, *_ in alerts)
    examples = {(severity, kind): message for severity, kind, _, message in reversed(alerts)}
    return [
        f"| {severity} | {kind} | {count} | {examples[severity, kind][:200]} |"
        for (severity, kind), count in sorted(kinds.items(), key=lambda item: (item[0][0], -item[1]))
    ]


def _warnings(event: Event, told: Told) -> list[str]:
    """Warnings in an event's weeks of kinds and subjects that were not news within these weeks of the quiet year."""
    own = [(week, alert) for week, alerts in told if week.event == event for alert in alerts if alert[0] == "warning"]
    quiet = {
        (week.company, *alert[1:3])
        for week, alerts in told
        if not week.is_planted and 0 < week.week - event.week <= WEEKS_OF_EVENT
        for alert in alerts
    }
    return [
        f"{week.week - event.week}: {alert[3][:160]}" for week, alert in own if (week.company, *alert[1:3]) not in quiet
    ]


def _of_event(event: Event, weeks: list[Week], alarms: Alarms, warnings: list[str]) -> str:
    own = [week for week in weeks if week.event == event]
    companies = sorted({week.company for week in own})
    first = {
        company: next((week for week in own if week.company == company and alarms[id(week)]), None)
        for company in companies
    }
    seen = [week for week in first.values() if week is not None]
    after = ", ".join(str(week.week - event.week) for week in seen) or "–"
    example = alarms[id(seen[0])][0][3][:160] if seen else "–"
    warned = warnings[0] if warnings else "–"
    return f"| {event.name} | {_interval(len(seen), len(companies))} | {after} | {example} | {warned} |"


def main() -> None:
    """Live the years that the journal does not have yet, print the figures, write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--companies", type=int, default=1)
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first company; another one has other customers"
    )
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--refits", action="store_true", help="clusters are fitted anew every other week")
    parser.add_argument("--only", choices=("quiet", "planted"), help="one of the two years")
    parser.add_argument("--journal", type=Path, default=Path("out/alert-quality.jsonl"))
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    logging.getLogger("resegment").setLevel(logging.ERROR)
    given.journal.parent.mkdir(parents=True, exist_ok=True)
    lines = given.journal.read_text(encoding="utf-8").splitlines() if given.journal.exists() else []
    weeks = [Week(**json.loads(line)) for line in lines]
    for company in range(given.first, given.first + given.companies):
        for is_planted in {"quiet": (False,), "planted": (True,)}.get(given.only, (False, True)):
            known = sum((week.company, week.is_planted) == (company, is_planted) for week in weeks)
            if known >= given.weeks:
                continue
            with tempfile.TemporaryDirectory(prefix="resegment-alerts-") as folder:
                years = live(
                    company, given.customers, given.weeks, Path(folder), is_planted=is_planted, has_refits=given.refits
                )
                for week in years:
                    weeks.append(week)
                    with given.journal.open("a", encoding="utf-8") as journal:
                        journal.write(json.dumps(asdict(week)) + "\n")
                    sys.stderr.write(
                        f"{company} {is_planted} week {week.week}: {week.status}, {len(week.alerts)} alerts\n"
                    )
    text = page(weeks, given.customers)
    sys.stdout.write(text)
    if given.output:
        before = given.output.read_text(encoding="utf-8") if given.output.exists() else ""
        # What was concluded from the figures stands below them, and is somebody's to write.
        given.output.write_text(f"{text}\n{_BY_HAND}{before.partition(_BY_HAND)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
