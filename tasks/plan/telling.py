"""A plan in text for a terminal, and in Markdown for a pull request.

Owns: the words. Does not own what is in a plan (`records.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from tasks.config.counting import counted
from tasks.plan.records import Plan, SegmentationPlan, SegmentPlan

#: Flows that are listed of a segmentation; the rest is added up.
_FLOWS = 12
_MARKS = {"new": "+", "gone": "-", "changed": "~", "same": " "}


def as_text(plan: Plan) -> list[str]:
    """Lines for a terminal: the verdict first."""
    lines = [f"plan: {plan.verdict}", f"  {plan.basis}"]
    lines += [f"  note: {limit}" for limit in plan.limits]
    for item in plan.segmentations:
        if item.status == "same":
            lines.append(f"\n  {item.name}: nothing changes")
            continue
        lines.append(f"\n{_MARKS[item.status]} {item.name} ({item.status}): {item.note}")
        for segment in item.segments:
            lines.append(f"  {_MARKS[segment.status]} {_line(segment)}")
            lines += [
                f"      {word}: {', '.join(ids)}"
                for word, ids in (("come in", segment.entered_examples), ("go out", segment.left_examples))
                if ids
            ]
        lines += [f"    {flow}" for flow in _flows(item)]
    lines += _listed("rules that nobody reaches", _unreached(plan))
    lines += _listed("new overlaps", _pairs(plan))
    return lines + _listed("consumers", _consumers(plan))


def as_markdown(plan: Plan) -> str:
    """A comment for a pull request: verdict, one table, and the rest to be opened."""
    icon = "🛑" if plan.breaks else "⚠️" if plan.changes else "✅"
    parts = [f"## {icon} resegment plan: {_cell(plan.verdict)}", _cell(plan.basis)]
    parts += [f"> **Note:** {_cell(limit)}" for limit in plan.limits]
    broken = _consumers(plan)
    if broken:
        parts.append("### Consumers\n" + "\n".join(f"- {_cell(line)}" for line in broken))
    changed = [item for item in plan.segmentations if item.status != "same"]
    if changed:
        head = (
            f"| segment | status | now | then | come in | go out | come in, {plan.amount} | go out, {plan.amount} |\n"
            "|---|---|--:|--:|--:|--:|--:|--:|"
        )
        rows = [_row(segment) for item in changed for segment in item.segments]
        parts.append("\n".join([head, *rows]))
    parts += [
        _details(
            f"{item.name}: {counted(item.moved_count, 'customer moves', 'customers move')}",
            [item.note, *_flows(item), *_examples(item)],
        )
        for item in changed
    ]
    for title, lines in (("Rules that nobody reaches", _unreached(plan)), ("New overlaps", _pairs(plan))):
        if lines:
            parts.append(_details(f"{title} ({len(lines)})", lines))
    same = [item.name for item in plan.segmentations if item.status == "same"]
    if same:
        parts.append(f"Unchanged: {', '.join(map(_cell, same))}.")
    return "\n\n".join(parts) + "\n"


def _line(segment: SegmentPlan) -> str:
    what = f" [{', '.join(segment.changed)}]" if segment.changed else ""
    if segment.status in {"new", "gone"}:
        what = f" [{segment.status}]"
    text = f"{segment.segment_id}{what}: {segment.before_count:,} → {segment.after_count:,}"
    if not segment.entered_count and not segment.left_count:
        return text
    text += f" (+{segment.entered_count:,} −{segment.left_count:,})"
    left = None if segment.left_amount is None else -segment.left_amount
    return text + f", amount {_signed('+', segment.entered_amount)} {_signed('−', left)}"


def _row(segment: SegmentPlan) -> str:
    status = segment.status + (f" ({', '.join(segment.changed)})" if segment.changed else "")
    cells = [
        f"`{segment.segment_id}` {segment.name}",
        status,
        f"{segment.before_count:,}",
        f"{segment.after_count:,}",
        f"{segment.entered_count:,}",
        f"{segment.left_count:,}",
        _money(segment.entered_amount),
        _money(segment.left_amount),
    ]
    return f"| {' | '.join(map(_cell, cells))} |"


def _flows(item: SegmentationPlan) -> list[str]:
    lines = [
        f"{flow.customer_count:,}: {flow.from_segment_id or 'in no segment'} → {flow.to_segment_id or 'in no segment'}"
        for flow in item.flows[:_FLOWS]
    ]
    rest = item.flows[_FLOWS:]
    if rest:
        lines.append(f"{sum(flow.customer_count for flow in rest):,}: {len(rest)} further ways")
    return lines


def _examples(item: SegmentationPlan) -> list[str]:
    return [
        f"{segment.segment_id}, {word}: {', '.join(ids)}"
        for segment in item.segments
        for word, ids in (("come in", segment.entered_examples), ("go out", segment.left_examples))
        if ids
    ]


def _unreached(plan: Plan) -> list[str]:
    lines = []
    for rule in plan.unreached:
        fresh = "" if rule.is_new else " (as published)"
        why = (
            f"all {rule.meets_count:,} customers who meet it are taken by {', '.join(rule.taken_by)}"
            if rule.meets_count
            else "no customer meets it"
        )
        lines.append(f"{rule.segment_id}{fresh}: {why}")
    return lines


def _pairs(plan: Plan) -> list[str]:
    return [
        f"{pair.segment_id_a} and {pair.segment_id_b} would be {pair.relation}: {pair.shared_count:,} customers in"
        f" both, of {pair.a_count:,} and {pair.b_count:,}"
        for pair in plan.pairs
    ]


def _consumers(plan: Plan) -> list[str]:
    return [
        f"{item.severity}: {item.consumer} (owner {item.owner}) uses {item.use}: {item.problem} [{item.where}]"
        for item in plan.consumers
    ]


def _listed(title: str, lines: list[str]) -> list[str]:
    return [f"\n{title}:", *(f"  {line}" for line in lines)] if lines else []


def _details(title: str, lines: Iterable[str]) -> str:
    listed = "\n".join(f"- {_cell(line)}" for line in lines)
    return f"<details><summary>{_cell(title)}</summary>\n\n{listed}\n\n</details>"


def _money(value: float | None) -> str:
    return "withheld" if value is None else f"{value:,.2f}"


def _signed(sign: str, value: float | None) -> str:
    """What an amount adds; whoever returned more than he bought takes away where he comes in, and adds elsewhere."""
    return f"{sign}withheld" if value is None else f"{value:+,.2f}".replace("-", "−")


def _cell(text: str) -> str:
    """Text that stands in Markdown as it is: no table breaks, no HTML begins, nobody is mentioned."""
    flat = " ".join(text.split())
    for sign, instead in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|"), ("@", "&#64;")):
        flat = flat.replace(sign, instead)
    return flat
