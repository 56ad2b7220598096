"""Whole runs made by hand: an ordinary one, a first one, one that a gate stopped; with sixty segments or evil names.

The contact data that are planted here must not be found on any page.
"""

from __future__ import annotations

from pathlib import Path

from tasks.warehouse import ledger
from tasks.warehouse.run import Run
from tests.unit.report import made_health, made_run
from tests.unit.report import made_monitoring as monitoring
from tests.unit.report import made_segments as segments
from tests.unit.report.made_run import PREVIOUS, STANDARD, Names

#: Planted in columns and examples; none of it may be printed.
SECRETS = ("Anna Rowjson", "anna@example.com", "Berta Shifted", "+49 170 5550123", "Lovely shop, thanks")
EVIL_NAMES = (
    "<script>alert(1)</script>",
    "\"quoted\" & 'single'",
    "عملاء مخلصون جدا للعلامة التجارية",
    "x" * 300,
    "一二三四五六七八九十一二三四五六七八九十",
    "\u202egnp.exe\x0b]]>",
)
EVIL: Names = STANDARD | {"region": ('"><img src=x onerror=alert(1)>', "geographic", EVIL_NAMES)}
SIXTY: Names = {
    "micro": ("Micro segments", "behavioural", tuple(f"Segment {n} with a rather long name" for n in range(1, 61))),
}
ALARM_SENTENCE = "order_count shifted down by 0.24 standard deviations (wilcoxon, adjusted p < 0.0001): alarm."
SPLIT_SENTENCE = "“Weekend lunchers” split into “Weekend lunchers” (61%) and “Deal seekers” (34%)."


def standard_run(folder: Path, *, names: Names = STANDARD, customers: int = 600, is_first: bool = False) -> Run:
    """A published run with everything in it."""
    run = made_run.start_run(folder, previous=None if is_first else PREVIOUS, names=names)
    write_loads(run)
    write_checks(run)
    before, now = made_run.place(names, customers)
    segments.write_staging(run, customers, 10 * customers)
    segments.write_segments(run, names, before, now)
    segments.write_profiles(run, names)
    monitoring.write_overlap(run, now)
    made_health.write_health(run, names)
    if not is_first:
        events = [("clusters", "split", SPLIT_SENTENCE, 0.96), ("clusters", "survive", "“Deal seekers” survived.", 1.0)]
        segments.write_events(run, [event for event in events if event[0] in names])
        write_drift(run)
        ledger.raise_alert(
            run.warehouse, run.attempt, severity="critical", kind="drift", subject="order_count", message=ALARM_SENTENCE
        )
    made_run.publish(run)
    return run


def stopped_run(folder: Path, *, previous: bool = True) -> Run:
    """A run that a critical check stopped before there were any segments."""
    run = made_run.start_run(folder, previous=PREVIOUS if previous else None)
    write_loads(run)
    write_checks(run)
    monitoring.add_check(
        run,
        "staging.order_lines",
        "ordered_at",
        "the newest order is no older than 3 days",
        severity_name="critical",
        is_success=False,
        unexpected_count=0,
        observed_value='"2025-06-11"',
    )
    return run


def write_loads(run: Run) -> None:
    """Three loads of two sources, and what of them is in quarantine."""
    customers = monitoring.add_load(run, 1, "crm", "customers", read=2_143, quarantined=43, blanked=12)
    monitoring.add_load(run, 2, "shop", "order_lines", read=180_233, quarantined=5)
    lines = monitoring.add_load(run, 3, "shop", "order_lines", read=21_377, quarantined=19)
    for entity, load, column, value, reason, times in (
        (
            "customers",
            customers,
            "birth_date",
            "1893-04-02",
            "expected a birth from 1900-01-02 to the day of loading",
            12,
        ),
        ("customers", customers, "email_address", "anna@example.com", "expected an address", 3),
        ("customers", customers, "phone_number", "+49 170 5550123", "expected a number", 1),
        ("customers", customers, "income_amount", "Berta Shifted", "cannot be read as DECIMAL(18,4)", 27),
        ("feedback", customers, "comment_text", "Lovely shop, thanks", "is too long", 1),
        ("order_lines", lines, "unit_price_amount", "-11062.06", "expected zero or more", 2),
        ("order_lines", lines, "product_name", "anna@example.com", "is not a product", 1),
        ("order_lines", lines, None, None, "not a row: Expected Number of Columns: 8 Found: 5", 5),
    ):
        monitoring.add_quarantine(run, load, entity, column, value, reason, times=times)


def write_checks(run: Run) -> None:
    """Three checks that hold and two warnings that do not, one of them on contact data."""
    for table, column, meaning in (
        ("raw.order_lines", "order_id", "every order line names its order"),
        ("staging.customers", "customer_id", "every customer has one row"),
        ("staging.orders", "net_amount", "the net amount is gross less returned"),
    ):
        monitoring.add_check(run, table, column, meaning, severity_name="critical")
    monitoring.add_check(
        run,
        "staging.customers",
        "email_address",
        "addresses contain an @",
        is_success=False,
        unexpected_count=7,
        example_values='["anna@example.com"]',
    )
    monitoring.add_check(
        run,
        "staging.order_lines",
        "quantity",
        "quantities are not larger than 10,000",
        is_success=False,
        unexpected_count=3,
        example_values='["80995", "74215"]',
        mostly_share=0.9995,
        consequence="A few orders would make up most of the revenue.",
        owner_name="shop team",
        runbook="runbooks/values-out-of-range.md",
    )
    write_earlier_checks(run)


def write_earlier_checks(run: Run) -> None:
    """Four earlier attempts: quantities failed in the last two, and the one between two good ones was stopped."""
    for number, (days, status, quantities) in enumerate(
        ((120, "published", True), (90, "gate_failed", None), (60, "published", False), (30, "published", False))
    ):
        attempt = {
            "attempt_id": monitoring.add_attempt(run, number, days_before=days, status=status),
            "element_count": 500 + 100 * number,
        }
        if status == "gate_failed":
            monitoring.add_check(
                run, "raw.order_lines", "order_id", "every order line names its order", is_success=False, **attempt
            )
            continue
        meaning = "quantities are not larger than 10,000"
        monitoring.add_check(run, "staging.order_lines", "quantity", meaning, is_success=quantities, **attempt)
        monitoring.add_check(run, "raw.order_lines", "order_id", "every order line names its order", **attempt)


def write_drift(run: Run) -> None:
    """One verdict of each kind, and calm features."""
    rows = [monitoring.drift_row(name, 0.01 * (position - 3)) for position, name in enumerate(segments.FEATURES[5:12])]
    alarm = {"verdict_name": "drift", "level_name": "alarm", "p_adjusted": 1e-9, "sentence": ALARM_SENTENCE}
    notice = {
        "verdict_name": "drift",
        "level_name": "notice",
        "sentence": "net_90d_amount shifted up a little: notice.",
    }
    unclear = {
        "verdict_name": "inconclusive",
        "minimum_detectable_effect": 0.21,
        "sentence": "campaign_response_share shows no drift, but that is inconclusive.",
    }
    baseline = {"reference_kind": "baseline", "snapshot_kind": "two_sample", "test_name": "mann_whitney"}
    rows += [
        monitoring.drift_row("order_count", -0.243, **alarm),
        monitoring.drift_row("net_90d_amount", 0.071, **notice),
        monitoring.drift_row("campaign_response_share", 0.04, **unclear),
        monitoring.drift_row("net_amount", 0.02, **baseline),
    ]
    monitoring.write_drift(run, rows)
