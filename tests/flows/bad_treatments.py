"""Bad treatments, caps and priorities; the page that they are on is written by `bad_inputs.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.flows.bad_input import BadInput, edit


def _treated(treatments: str, more: str = "") -> Callable[[Path], None]:
    """Give the segments of `lifecycle` treatments, and the file more sections and segmentations."""
    return edit(
        "segmentations:\n",
        "contacts: {caps: [{at_most: 2, days: 30}]}\nsegmentations:\n"
        "  again:\n    kind: rules\n    basis: needs\n    match: any\n    segments:\n"
        "    - {id: busy, name: Busy, when: order_count > 2}\n"
        "    - {id: busy_now, name: Busy now, extends: busy, when: recency_days < 30}\n"
        f"    treatments: {treatments}\n{more}",
    )


TREATMENTS: tuple[BadInput, ...] = (
    BadInput(
        "two prices for customers who are in both segments",
        _treated("{busy: {channel: email, price: 10}, busy_now: {channel: email, price: 8}}"),
        2,
        "two prices: 10.0 and 8.0; everyone in again.busy_now is in again.busy",
    ),
    BadInput(
        "two messages of one priority where a customer can be in both",
        _treated(
            "{busy: {channel: app, message: Hello, priority: 1}}",
            "  other:\n    kind: rules\n    basis: needs\n    match: any\n    segments:\n"
            "    - {id: old, name: Old, when: tenure_days > 90}\n    - {id: rare, name: Rare, when: order_count < 9}\n"
            "    treatments: {old: {channel: app, message: Hi, priority: 2}, rare: {channel: app, message: Hm, priority: 2}}\n",
        ),
        2,
        "a customer can be in both, and both have priority 2",
    ),
    BadInput(
        "a treatment that excludes a segment that is not",
        _treated("{busy: {channel: email, exclude: [lifecycle.nwe]}}"),
        2,
        "did you mean 'lifecycle.new'?",
    ),
    BadInput(
        "a treatment that excludes its own segment",
        _treated("{busy: {channel: email, exclude: [busy]}}"),
        2,
        "excludes its own segment",
    ),
    BadInput(
        "a window without a day",
        _treated("{busy: {channel: email, window: {from: 2025-07-01, until: 2025-06-01}}}"),
        2,
        "the window from 2025-07-01 until 2025-06-01 has no day",
    ),
    BadInput(
        "a budget that cannot be counted",
        _treated("{busy: {channel: email, budget: {total: 100}}}"),
        2,
        "asks for a cost_per_contact above 0",
    ),
    BadInput(
        "a cap on a channel that no treatment uses",
        edit("segmentations:\n", "contacts: {caps: [{at_most: 2, days: 30, channel: emial}]}\nsegmentations:\n"),
        2,
        "no treatment uses the channel 'emial'",
    ),
    BadInput(
        "two caps for the same days",
        edit("segmentations:\n", "contacts: {caps: [{at_most: 2, days: 7}, {at_most: 3, days: 7}]}\nsegmentations:\n"),
        2,
        "there are two on all channels within 7 days",
    ),
    BadInput(
        "a priority of a segment that is not",
        edit("segmentations:\n", "contacts: {priorities: [lifecycle.nwe]}\nsegmentations:\n"),
        2,
        "there is no segment lifecycle.nwe",
    ),
    BadInput(
        "a segment that is listed twice among the priorities",
        edit("segmentations:\n", "contacts: {priorities: [lifecycle.new, lifecycle.new]}\nsegmentations:\n"),
        2,
        "lifecycle.new is listed twice",
    ),
)
