"""Conditions on one customer: a SQL text, or a tree of `all`, `any` and `not` over texts and other segments.

Owns: the shape of a condition. Does not own what it means in SQL (`resolving.py`), or whether the features in it exist
(`tasks/segments/rules.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, Field, Tag

from tasks.config.features import Strict

Sql = Annotated[str, Field(min_length=1)]
#: ``segmentation.segment``, or a segment of the same segmentation.
SegmentName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?$")]
_JOINED = re.compile(r"\b(and|or)\b", re.IGNORECASE)
_FORMS = ("all", "any", "not", "segment")


def _form(value: Any) -> str | None:  # noqa: ANN401 - whatever the file has there
    """Which form a condition has; None: none that is known."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return next((form for form in _FORMS if form in value), None)
    models: dict[type, str] = {AllOf: "all", AnyOf: "any", NotOf: "not", InSegment: "segment"}
    return models.get(type(value))


class AllOf(Strict):
    """Each of the conditions holds."""

    all: list[Condition] = Field(min_length=1, description="conditions, each of which has to hold")


class AnyOf(Strict):
    """One of the conditions holds, or several."""

    any: list[Condition] = Field(min_length=1, description="conditions, one of which has to hold")


class NotOf(Strict):
    """The condition is known not to hold: where it is unknown (NULL), so is this."""

    not_: Condition = Field(alias="not", description="a condition that is not to hold")


class InSegment(Strict):
    """The customer is in another segment, of kind rules."""

    segment: SegmentName = Field(description="`segmentation.segment`, or a segment of the same segmentation")


Condition: TypeAlias = Annotated[
    Annotated[Sql, Tag("text")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[NotOf, Tag("not")]
    | Annotated[InSegment, Tag("segment")],
    Discriminator(
        _form,
        custom_error_type="condition",
        custom_error_message="expected a condition in SQL, or a mapping with one of all, any, not, segment",
    ),
]

for _model in (AllOf, AnyOf, NotOf):
    _model.model_rebuild()


def told(condition: Condition) -> str:
    """A condition as a reader sees it; a text stands as it is written.

    >>> told(AllOf(all=["a > 1", InSegment(segment="lifecycle.new")]))
    'a > 1 AND in lifecycle.new'
    """
    if isinstance(condition, AllOf):
        return told_together(condition.all, " AND ", len(condition.all))
    if isinstance(condition, AnyOf):
        return told_together(condition.any, " OR ", len(condition.any))
    if isinstance(condition, NotOf):
        return f"NOT ({told(condition.not_)})"
    if isinstance(condition, InSegment):
        return f"in {condition.segment}"
    return condition


def told_together(conditions: Sequence[Condition], word: str, siblings: int) -> str:
    """Conditions with a word between them, each in brackets where it could be misread beside its siblings."""
    texts = map(told, conditions)
    return word.join(f"({text})" if _JOINED.search(text) and siblings > 1 else text for text in texts)
