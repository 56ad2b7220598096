"""Numbers that a feature cannot have, in rules and thresholds: most often a share that is written in per cent.

Owns: what is refused. Does not own the ranges, which the headers of features say.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from tasks.config.errors import WorkspaceError
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.models import ModelColumn

_SHARE = (0.0, 1.0)
_HUNDREDTHS = 100
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between)


def refuse_unreachable_rule(condition: str, tree: exp.Expr, catalogue: Catalogue, where: str) -> None:
    """Prove that a rule compares no feature with a number above all that it can have.

    Below the lowest there is nothing to refuse: ``rating_mean >= 0`` asks whether there is a rating.

    Args:
        condition: as it is written, for the message.
        tree: the same, parsed; all features in it exist.
        catalogue: of the features.
        where: its place in the workspace file.

    Raises:
        WorkspaceError: one is.
    """
    for feature, number in _compared(tree, catalogue):
        if feature.range is not None and number > feature.range[1]:
            said = f"the rule {condition!r} compares {feature.name!r} with {number:g}"
            raise _error(said, feature.range, number, where)


def refuse_unreachable_threshold(feature: ModelColumn, threshold: float, where: str) -> None:
    """Prove that a feature is cut within its range.

    Raises:
        WorkspaceError: it is not.
    """
    if feature.range is not None and not feature.range[0] <= threshold <= feature.range[1]:
        raise _error(f"{feature.name!r} is cut at {threshold:g}", feature.range, threshold, where)


def _compared(tree: exp.Expr, catalogue: Catalogue) -> Iterator[tuple[ModelColumn, float]]:
    """Features and the numbers that they are compared with, as they are."""
    for comparison in tree.find_all(*_COMPARISONS):
        parts = list(comparison.iter_expressions())
        features = [catalogue.features[part.name] for part in parts if isinstance(part, exp.Column)]
        numbers = [number for part in parts if (number := _number(part)) is not None]
        if len(features) == 1:
            yield from ((features[0], number) for number in numbers)


def _number(part: exp.Expr) -> float | None:
    if isinstance(part, exp.Neg):
        inner = _number(part.this)
        return None if inner is None else -inner
    return float(part.this) if isinstance(part, exp.Literal) and not part.is_string else None


def _error(said: str, lies_in: tuple[float, float], number: float, where: str) -> WorkspaceError:
    lowest, highest = lies_in
    hint = f"write a number between {lowest:g} and {highest:g}"
    if lies_in == _SHARE and 1 < number <= _HUNDREDTHS:
        hint = f"write {number / _HUNDREDTHS:g} for {number:g} %"
    return WorkspaceError(f"{said}, and it lies between {lowest:g} and {highest:g}", where=where, hint=hint)
