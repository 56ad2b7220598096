"""The page of the workspace file: every key, from the pydantic models.

Owns: its layout, and how a type is told. Does not own the keys (`tasks/config/workspace.py`,
`tasks/config/segmentations.py`).
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from generator.markdown import code, grid, link
from tasks.config import resolving
from tasks.config.conditions import AllOf, AnyOf, InSegment, NotOf
from tasks.config.expansion import TemplateUse
from tasks.config.schema import workspace_schema
from tasks.config.segmentations import STANDARD_RFM
from tasks.config.workspace import Workspace

_WORKSPACE = """\
Every key of `resegment.yaml`. A key that is not listed is an error, told with its line and the nearest known one.
`resegment schema` prints the same as JSON Schema, for editors. Paths are relative to the folder of the file. A value
may refer to the environment as `${NAME}` or `${NAME:-default}`, and `--set a.b.c=value` replaces it for one run."""

_STANDARD = "The standard RFM segments"
_GRID = """\
Recency and frequency are scored 1 to 5 by quintiles, 5 the most recent and the most frequent. Monetary value is scored
and published too, and takes no part in the standard segments. Equal values share a score, the lowest that one of them
would have alone; whom nobody surpasses scores 5, however many there are, and where all are equal everybody scores 3.
R by F:"""

_CONDITIONS = "Conditions"
_FORMS: tuple[type[BaseModel], ...] = (AllOf, AnyOf, NotOf, InSegment)
_CONDITION = """\
A condition is a text in SQL over features, such as `order_count >= 3 AND recency_days < 60`, or a mapping of one key
with conditions in it, nested at will:"""

_SINGLE: Mapping[type[BaseModel], str] = {NotOf: "condition", InSegment: "`segmentation.segment`"}
#: How the paragraphs on the meaning begin, in the module that gives it.
_MEANING = "A condition is TRUE"

Node = Mapping[str, Any]
Places = dict[type[BaseModel], list[str]]


def workspace_page() -> Iterator[str]:
    """Every key by section, and the standard RFM segments."""
    yield _WORKSPACE
    schema = workspace_schema()
    places = _places()
    headings = {model.__name__: _heading(model, places) for model in places}
    for model, paths in places.items():
        yield f"## {headings[model.__name__]}"
        also = f" Also at {', '.join(map(code, paths[1:]))}." if paths[1:] else ""
        yield f"{_said(model)}{also}"
        node = schema if model is Workspace else schema["$defs"][model.__name__]
        yield grid(
            ("key", "type", "default", "meaning"),
            (
                (code(name), _type(node["properties"][name], headings), _default(field), _meaning(field))
                for name, field in _fields(model)
            ),
        )
    yield from _conditions()
    yield from _standard_segments()


def _places() -> Places:
    """Every model of the file with the paths at which it stands, in the order of the keys."""
    places: Places = {}
    _visit(Workspace, "", places)
    _visit(TemplateUse, "segmentations.<name>", places)
    return places


def _visit(model: type[BaseModel], path: str, places: Places, above: tuple[type[BaseModel], ...] = ()) -> None:
    known = places.setdefault(model, [])
    if path in known or model in above:
        return
    known.append(path)
    for name, field in _fields(model):
        for inner, place in _nested(field.annotation, f"{path}.{name}".removeprefix(".")):
            _visit(inner, place, places, (*above, model))


def _fields(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """The keys of a model as the file has them; `except` and `not` are no names in Python."""
    return [(field.alias or name, field) for name, field in model.model_fields.items()]


def _nested(annotation: object, path: str) -> Iterator[tuple[type[BaseModel], str]]:
    if annotation in _FORMS:
        return
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, path
        return
    suffix = {dict: ".<name>", list: "[]"}.get(get_origin(annotation) or object, "")
    for member in get_args(annotation):
        yield from _nested(member, path + suffix)


def _heading(model: type[BaseModel], places: Places) -> str:
    """The path, and where models share one, the kind of segmentation or the key that tells them apart."""
    path = places[model][0]
    sharing = [other for other, paths in places.items() if paths[0] == path]
    name = code(path) or "The file"
    if len(sharing) == 1:
        return name
    kinds = {other: _kinds(other, places) for other in sharing}
    told = kinds[model][:1]
    is_alone = told and all(kinds[other][:1] != told for other in sharing if other is not model)
    return f"{name}, kind {told[0]}" if is_alone else f"{name} with {code(_fields(model)[0][0])}"


def _kinds(model: type[BaseModel], places: Places) -> list[str]:
    """Kinds of segmentation that a model is, or belongs to."""
    return [kind for owner in places if model in _parts(owner) for kind in _kind(owner)]


def _parts(owner: type[BaseModel]) -> set[type[BaseModel]]:
    """A model and the models of its keys."""
    return {owner, *(model for _, field in _fields(owner) for model, _ in _nested(field.annotation, ""))}


def _kind(model: type[BaseModel]) -> tuple[str, ...]:
    return get_args(model.model_fields["kind"].annotation) if "kind" in model.model_fields else ()


def _said(model: type[BaseModel]) -> str:
    return " ".join((inspect.getdoc(model) or "").split("\n\n", maxsplit=1)[0].split())


def _meaning(field: FieldInfo) -> str:
    """What the field says of itself, else what the one model in it does."""
    inside = {_said(model): None for model, _ in _nested(field.annotation, "")}
    return field.description or (next(iter(inside)) if len(inside) == 1 else "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value == list(STANDARD_RFM):
        return link(_STANDARD)
    return "see there" if isinstance(value, BaseModel) else code(json.dumps(value, ensure_ascii=False, default=str))


def _type(node: Node | bool, headings: Mapping[str, str]) -> str:  # noqa: FBT001 - `true` is a schema of anything
    """A JSON Schema type in words."""
    if isinstance(node, bool) or not node:
        return "any value"
    if members := [*node.get("anyOf", ()), *node.get("oneOf", ())]:
        is_condition = {"$ref": f"#/$defs/{_FORMS[0].__name__}"} in members
        return link(_CONDITIONS) if is_condition else " or ".join(_type(member, headings) for member in members)
    if "$ref" in node:
        return link(headings[node["$ref"].rpartition("/")[2]])
    if "const" in node or "enum" in node:
        return " or ".join(code(str(value)) for value in node.get("enum", [node.get("const")]))
    return _composed(node, headings)


def _composed(node: Node, headings: Mapping[str, str]) -> str:
    if node["type"] == "array":
        count = f"{node['maxItems']} × " if node.get("minItems") == node.get("maxItems", 0) else ""
        return f"list of {count}{_type(node['items'], headings)}"
    if node["type"] == "object":
        keyed = node.get("patternProperties") or {"": node["additionalProperties"]}
        return f"`<name>:` {_type(next(iter(keyed.values())), headings)}"
    return _plain(node)


def _plain(node: Node) -> str:
    if node["type"] in {"integer", "number"}:
        return node["type"] + _bounds(node)
    return {"boolean": "true or false", "null": "null"}.get(node["type"]) or _text(node)


def _bounds(node: Node) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    told = ", ".join(f"{sign} {node[key]:,}" for key, sign in signs.items() if key in node)
    return f" {told}" if told else ""


def _text(node: Node) -> str:
    if "pattern" in node:
        return f"text like {code(node['pattern'])}"
    if "maxLength" in node:
        return "one character" if node.get("minLength") else "one character or none"
    return "date" if node.get("format") == "date" else "text"


def _conditions() -> Iterator[str]:
    yield f"## {_CONDITIONS}"
    yield _CONDITION
    yield grid(
        ("key", "type", "holds where"),
        (
            (code(name), "list of conditions" if get_origin(field.annotation) is list else _SINGLE[model], _said(model))
            for model in _FORMS
            for name, field in _fields(model)
        ),
    )
    meaning = inspect.getdoc(resolving) or ""
    yield meaning[meaning.index(_MEANING) :]


def _standard_segments() -> Iterator[str]:
    yield f"## {_STANDARD}"
    yield _GRID
    scores = range(1, 6)
    yield grid(
        ("", *(f"F{f}" for f in scores)),
        ((f"**R{r}**", *(_cell(r, f) for f in scores)) for r in reversed(scores)),
    )
    yield grid(
        ("id", "name", "R", "F", "description"),
        ((code(s.id), s.name, _range(s.r), _range(s.f), s.description) for s in STANDARD_RFM),
    )


def _cell(r: int, f: int) -> str:
    """Who has these scores, whatever his monetary score is."""
    names = [segment.name for segment in STANDARD_RFM if any((r, f, m) in segment.cells() for m in range(1, 6))]
    return ", ".join(names)


def _range(scores: list[int]) -> str:
    low, high = scores
    return str(low) if low == high else f"{low}–{high}"
