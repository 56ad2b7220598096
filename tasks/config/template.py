"""Templates of segmentations: what a file below `templates/` says of itself and its parameters.

Owns: the shape of a template and which values a parameter takes. Does not own how a template becomes a segmentation
(`expansion.py`), or the templates that come with the code (`templates/`).
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

from pydantic import Field, field_validator, model_validator

from tasks.config.entities import ENTITIES
from tasks.config.features import Key, Strict
from tasks.config.segment import Basis

Type = Literal["number", "integer", "share", "boolean", "text", "feature", "condition"]
FeatureKind = Literal["number", "category", "flag"]
_NAME = re.compile(r"[A-Za-z_]\w*")
_EXPECTED: dict[Type, tuple[tuple[type, ...], str]] = {
    "number": ((int, float), "a number"),
    "integer": ((int,), "a whole number"),
    "share": ((int, float), "a share between 0 and 1"),
    "boolean": ((bool,), "true or false"),
    "text": ((str,), "a text"),
    "feature": ((str,), "the name of a feature"),
    "condition": ((str,), "a condition in SQL"),
}


class Parameter(Strict):
    """One thing that whoever uses a template may decide."""

    type: Type = Field(description="what its value is")
    meaning: str = Field(min_length=1, description="what it decides")
    many: bool = Field(default=False, description="its value is a list")
    default: Any = Field(default=None, description="without one it must be given")
    example: Any = Field(default=None, description="shown where there is no default")
    choices: list[Any] | None = Field(default=None, min_length=1, description="the values allowed")
    min: float | None = Field(default=None, description="smallest value")
    max: float | None = Field(default=None, description="largest value")
    least: int = Field(default=1, ge=0, description="fewest items of a list")
    most: int = Field(default=50, ge=1, description="most items of a list")
    ascending: bool = Field(default=False, description="the list must ascend without repeats")
    kind: FeatureKind | None = Field(default=None, description="of a feature: what its values are")

    @property
    def is_required(self) -> bool:
        """Whether it has no default; null is one where the file says so."""
        return "default" not in self.model_fields_set

    def allowed(self) -> str:
        """The values that it takes, in words."""
        one = _EXPECTED[self.type][1]
        if self.choices is not None:
            one = f"one of {', '.join(map(str, self.choices))}"
        elif self.min is not None or self.max is not None:
            bounds = [f"{word} {bound:g}" for word, bound in (("≥", self.min), ("≤", self.max)) if bound is not None]
            one += f" {' and '.join(bounds)}"
        if not self.many:
            return one
        counted = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
        return f"a list of {counted}{', ascending' if self.ascending else ''}, each {one}"

    def refuse(self, value: object) -> None:
        """Prove that a value is one of those it takes.

        Raises:
            ValueError: it is not.
        """
        if value is None and not self.is_required and self.default is None:
            return
        if not self._is_allowed(value):
            message = f"{value!r} is not {self.allowed()}"
            raise ValueError(message)

    def _is_allowed(self, value: object) -> bool:
        if not self.many:
            return self._is_one(value)
        if not isinstance(value, list) or not self.least <= len(value) <= self.most:
            return False
        return all(map(self._is_one, value)) and (not self.ascending or sorted(set(value)) == value)

    def _is_one(self, value: object) -> bool:
        if not isinstance(value, _EXPECTED[self.type][0]) or (isinstance(value, bool) and self.type != "boolean"):
            return False
        if self.choices is not None and value not in self.choices:
            return False
        if isinstance(value, str):
            return _NAME.fullmatch(value) is not None if self.type == "feature" else bool(value.strip())
        if not isinstance(value, int | float):
            return False
        low, high = (0, 1) if self.type == "share" else (-math.inf, math.inf)
        return (
            max(low, -math.inf if self.min is None else self.min)
            <= value
            <= min(high, math.inf if self.max is None else self.max)
        )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not self.is_required:
            self.refuse(self.default)
        return self


class Template(Strict):
    """A way of dividing customers that is used by its name; the name is that of its file."""

    title: str = Field(min_length=1, description="for people")
    basis: Basis = Field(description="what customers are divided by")
    description: str = Field(min_length=1, description="what it does, for whom to use it")
    entities: list[str] = Field(
        default_factory=list, description="one of them has to be mapped; not asked where a feature is given by the user"
    )
    features: list[str] = Field(default_factory=list, description="features that it reads besides its parameters")
    parameters: dict[Key, Parameter] = Field(default_factory=dict, description="what its user may decide, by name")
    segmentation: str = Field(
        min_length=1, description="YAML of a segmentation, as a Jinja template over the parameters"
    )

    @field_validator("entities")
    @classmethod
    def _known_entities(cls, entities: list[str]) -> list[str]:
        for name in entities:
            if name not in ENTITIES:
                near = difflib.get_close_matches(name, ENTITIES, n=1)
                message = f"there is no entity {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
                raise ValueError(message)
        return entities


class TemplateOfUse(NamedTuple):
    """By which template a segmentation is made, whether it came with the program, and a digest of what its use says."""

    template: str
    is_shipped: bool
    sha256: str


@dataclass(frozen=True, slots=True)
class NeededFeature:
    """A feature that a template in use asks for.

    Attributes:
        template: its name.
        feature: what is asked for.
        kind: what its values have to be; None: anything.
        where: the line of the workspace file that says so.
        parameter: that names it; None where the template itself does.
    """

    template: str
    feature: str
    kind: FeatureKind | None
    where: str
    parameter: str | None
