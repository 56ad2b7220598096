"""Expectations of ours on history: recent days, and new files, are like earlier ones.

Owns: the classes, which Great Expectations registers as `expect_recent_days_to_be_like_earlier_ones` and
`expect_new_files_to_be_like_earlier_ones` when this module is imported. Imported by `adapter.py` alone, for Great
Expectations takes seconds to import. Does not own the rule (`history.py`) or the query (`series.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from tasks.quality.batch_metric import BatchMetricExpectation
from tasks.quality.comparisons import Comparison, compare_days, compare_files
from tasks.quality.history import Aspect, Judgement, Rule

#: How many subjects a result brings along, and how many of them are named in a sentence.
_EXAMPLES, _NAMED = 20, 3
#: Figures of a number in a result.
_FIGURES = 4
_WORDS = {"rows": "the number of rows", "empty": "the share without a value", "level": "the typical value"}


class _ExpectLikeHistory(BatchMetricExpectation):
    """Succeeds where no newest unit is both unusual and materially unlike its history.

    `query` returns rows of (subject, unit_no, part, size, total). The result counts the subjects judged as elements.
    Where `shows_values` is false, it names no value: columns that have shifted put a person's name under any heading.
    """

    query: str
    fetch_all: bool = True
    aspect: Aspect
    limit: float
    deviations: float
    min_units: int
    min_rows: float
    only: Literal["fewer", "more"] | None = None
    shows_values: bool = True
    is_spelling: bool = False

    metric_dependencies: ClassVar[tuple[str, ...]] = ("query.table",)
    success_keys: ClassVar[tuple[str, ...]] = ("query", "fetch_all")

    def _compared(self, records: list[dict[str, Any]], rule: Rule) -> list[Comparison]:
        raise NotImplementedError

    def _judge(self, metrics: dict[str, Any]) -> dict[str, Any]:
        rule = Rule(self.aspect, self.limit, self.deviations, self.min_units, self.min_rows, self.only)
        compared = self._compared(metrics["query.table"], rule)
        return _told(compared if self.shows_values else [_unnamed(item) for item in compared], self.aspect)


class ExpectRecentDaysToBeLikeEarlierOnes(_ExpectLikeHistory):
    """The last day, week or four weeks beside those before; unit 0 is the newest day."""

    days: Literal[1, 7, 28]
    published_day: int | None = None

    def _compared(self, records: list[dict[str, Any]], rule: Rule) -> list[Comparison]:
        spelling = self.is_spelling
        return compare_days(records, rule, days=self.days, published_day=self.published_day, is_spelling=spelling)


class ExpectNewFilesToBeLikeEarlierOnes(_ExpectLikeHistory):
    """Files that no publication has seen, beside those that were published; a unit is the number of a load."""

    files: list[dict[str, Any]]

    def _compared(self, records: list[dict[str, Any]], rule: Rule) -> list[Comparison]:
        return compare_files(records, rule, self.files, is_spelling=self.is_spelling)


def _unnamed(item: Comparison) -> Comparison:
    return replace(item, judgement=replace(item.judgement, part=None)) if item.judgement else item


def _told(compared: Sequence[Comparison], aspect: Aspect) -> dict[str, Any]:
    judged = [(item.subject, item.judgement) for item in compared if item.judgement is not None]
    wrong = [(subject, found) for subject, found in judged if found.is_wrong]
    wrong.sort(key=lambda item: -item[1].deviations)
    observed = f"{len(judged)} of {len(compared)} comparisons made, the others have too little history"
    if wrong:
        more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        observed = "; ".join(_sentence(*item, aspect) for item in wrong[:_NAMED]) + more
    elif len(judged) == len(compared):
        observed = f"{len(judged)} comparisons, none of them out of the ordinary"
    return {
        "success": not wrong,
        "result": {
            "observed_value": observed,
            "element_count": len(judged),
            "unexpected_count": len(wrong),
            "partial_unexpected_list": [_example(*item) for item in wrong[:_EXAMPLES]],
        },
    }


def _sentence(subject: str, found: Judgement, aspect: Aspect) -> str:
    """Such as `web_orders: channel_name, last 7 days: the share of 'app' is 0.57, usually 0.29`."""
    what = _WORDS.get(aspect, "the share of one value" if found.part is None else f"the share of {found.part!r}")
    return f"{subject}: {what} is {_rounded(found.newest):,g}, usually {_rounded(found.usual):,g}"


def _example(subject: str, found: Judgement) -> dict[str, Any]:
    return {
        "what": subject,
        "value": found.part,
        "newest": _rounded(found.newest),
        "usual": _rounded(found.usual),
        "change": _rounded(found.change),
        "deviations": round(min(found.deviations, 999.0), 1),
    }


def _rounded(value: float) -> float:
    return float(f"{value:.{_FIGURES}g}")
