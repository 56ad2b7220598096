"""What pydantic finds wrong with a tree, told to its author: by line, by key, with the nearest known one.

Owns: the translation. Does not own the models.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from typing_extensions import TypeIs

from tasks.config.databases import MASK
from tasks.config.errors import WorkspaceError
from tasks.config.yaml_tree import Lines, Path_, line_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

#: What pydantic calls by the names of Python, in those of YAML.
_EXPECTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a mapping of keys to values",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_attributes_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "string_type": "a text",
}
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
    for detail in error.errors():
        path = (*at, *_without_tags(detail, tree))
        name = ".".join(map(str, path)) or "workspace"
        problems.append(f"{line_of(lines, path, file)}: {name}: {_explain(detail, model)}")
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
    return (*path, detail["loc"][-1]) if detail["type"] == "missing" else tuple(path)


def _explain(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind, value = detail["type"], detail.get("input")
    if kind == "extra_forbidden":
        known = _known_keys(model, tuple(detail["loc"])[:-1])
        near = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(sorted(known))}"
        return f"unknown key; {hint}"
    if kind == "missing":
        return "is missing"
    expected = _EXPECTED.get(kind)
    message = f"expected {expected}" if expected else detail["msg"].removeprefix("Value error, ")
    if isinstance(value, str | int | float | bool):
        return f"{message} (got {_PASSWORD.sub(MASK, repr(value))})"
    return f"{message}, and it is {_kind_of(value)}" if expected else message


def _kind_of(value: object) -> str:
    """What stands in a file in place of a text or a number."""
    if value is None:
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
