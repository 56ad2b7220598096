"""What pydantic finds wrong with a tree, told to its author: by line, by key, with the nearest known one.

Owns: the translation. Does not own the models.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from typing_extensions import TypeIs

from tasks.config.databases import MASK
from tasks.config.errors import WorkspaceError
from tasks.config.expected import choices, expected
from tasks.config.yaml_tree import Lines, Path_, line_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

#: What stands before the host in a URL: a user, and his password.
_PASSWORD = re.compile(r"(?<=://)[^\s/@]*:[^\s]*(?=@)")


def readable(
    error: ValidationError, model: type[BaseModel], tree: object, lines: Lines, *, at: Path_ = (), file: str = ""
) -> WorkspaceError:
    """One error whose message lists every problem by line, in the order of the file.

    Args:
        error: what pydantic found.
        model: what the tree was to be.
        tree: what was read.
        lines: where each key of the file stands.
        at: keys that lead to the tree in its file.
        file: named where a line is not known.
    """
    problems = []
    for path, details in _by_place(error, tree).items():
        full = (*at, *path)
        name = ".".join(map(str, full)) or "workspace"
        problems += [f"{line_of(lines, full, file)}: {name}: {told}" for told in _told(details, model)]
    if len(problems) == 1:
        where, _, message = problems[0].partition(": ")
        return WorkspaceError(message, where=where)
    return WorkspaceError(f"{len(problems)} problems in the workspace:\n  " + "\n  ".join(problems))


def _without_tags(detail: ErrorDetails, tree: Any) -> Path_:  # noqa: ANN401 - a YAML tree
    """The path as the file has it: pydantic also names the kind that it took a mapping for, and marks wrong keys."""
    path: list[str | int] = []
    for part in detail["loc"]:
        is_key = isinstance(tree, dict) and part in tree
        if is_key or (isinstance(tree, list) and isinstance(part, int) and part < len(tree)):
            tree = tree[part]
            path.append(part)
    if detail["type"] == "union_tag_invalid":
        return (*path, detail["ctx"]["discriminator"].strip("'"))
    return (*path, detail["loc"][-1]) if detail["type"] == "missing" else tuple(path)


def _by_place(error: ValidationError, tree: object) -> dict[Path_, list[ErrorDetails]]:
    """What was found, by the path that the file has it at."""
    places: dict[Path_, list[ErrorDetails]] = {}
    for detail in error.errors():
        places.setdefault(_without_tags(detail, tree), []).append(detail)
    return places


def _told(details: list[ErrorDetails], model: type[BaseModel]) -> list[str]:
    """The problems of one place, those of a value that may be of several kinds as one."""
    kinds = dict.fromkeys(what for what in map(expected, details) if what)
    together = len(kinds) > 1 and len(kinds) == len({detail["type"] for detail in details})
    if together and all(detail["loc"][-1] != "[key]" for detail in details):
        return [f"expected {', or '.join(kinds)}{_found(details[0].get('input'))}"]
    return [_explain(detail, model) for detail in details]


def _explain(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = _known_keys(model, tuple(detail["loc"])[:-1])
        near = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(sorted(known))}"
        return f"unknown key; {hint}"
    if kind == "missing":
        return "is missing"
    return wrong_value(detail)


def wrong_value(detail: ErrorDetails) -> str:
    """What was expected of a value, what stands there instead, and the nearest that would do."""
    value = detail.get("ctx", {}).get("tag", detail.get("input"))
    what = expected(detail)
    if what is None:
        message = detail["msg"].removeprefix("Value error, ")
        return f"{message}{_found(value)}" if isinstance(value, str | int | float) else message
    if count := detail.get("ctx", {}).get("actual_length"):
        return f"expected {what}, and there {'is' if count == 1 else 'are'} {count:,}"
    near = difflib.get_close_matches(str(value), choices(detail), n=1)
    return f"expected {what}{_found(value)}" + (f"; did you mean {near[0]!r}?" if near else "")


def _found(value: object) -> str:
    """What stands there instead, after what was expected."""
    if isinstance(value, str | int | float):
        return f" (got {_PASSWORD.sub(MASK, repr(value))})"
    if isinstance(value, dt.date):
        return f" (got {value})"
    return f", and it is {_kind_of(value)}"


def _kind_of(value: object) -> str:
    """What stands in a file in place of a text or a number."""
    if value is None:
        return "empty"
    if value in ({}, []):
        return "empty"
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "something else"


def _known_keys(model: type[BaseModel], path: Path_) -> list[str]:
    """Keys that the model at a validation path has; the path may name a union's tag."""
    annotation: object = model
    for part in path:
        annotation = _step(annotation, part)
    models = [item for item in (annotation, *get_args(annotation)) if _is_model(item)]
    return [field.alias or name for name, field in models[0].model_fields.items()] if models else []


def _is_model(annotation: object) -> TypeIs[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _step(annotation: object, part: str | int) -> object:
    """The annotation one key, index or union tag further down."""
    if _is_model(annotation):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        return fields[str(part)].annotation if part in fields else None
    origin, members = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _step(members[0], part)
    if origin in {dict, list}:
        return members[-1]
    for member in members:
        if _is_named(member, part):
            return member
    found = (_step(member, part) for member in members)
    return next((annotation for annotation in found if annotation is not None), None)


def _is_named(member: Any, part: str | int) -> bool:  # noqa: ANN401 - what a union is of
    """Whether a union knows a member by that tag, or by that value of its `kind`."""
    if get_origin(member) is Annotated:
        return any(isinstance(note, Tag) and note.tag == part for note in get_args(member)[1:])
    return _is_model(member) and part in get_args(getattr(member.model_fields.get("kind"), "annotation", None))
