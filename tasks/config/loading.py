"""Reading `resegment.yaml`: YAML with line numbers, environment values, command-line overrides, readable errors.

Owns: the way from text to a `Workspace`. Does not own what a workspace may say (`workspace.py`).
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from typing_extensions import TypeIs

from tasks.config.errors import UsageError, WorkspaceError
from tasks.config.privacy import KEY_HINT, KEY_PATH
from tasks.config.workspace import Workspace

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

FILE_NAME = "resegment.yaml"
Path_ = tuple[str | int, ...]
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


def load_workspace(
    directory: Path, *, overrides: Iterable[str] = (), environment: Mapping[str, str] | None = None
) -> Workspace:
    """Read and validate the workspace of a folder.

    Args:
        directory: the folder that holds `resegment.yaml`.
        overrides: ``a.b.c=value`` strings; the value is YAML.
        environment: where ``${NAME}`` is looked up; the process's own by default.

    Raises:
        WorkspaceError: no such file, not YAML, a wrong key or value; every error found is in the message.
        UsageError: an override that is not ``key=value`` or names a path that cannot be.
    """
    file = directory / FILE_NAME
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise WorkspaceError(
            f"cannot read the workspace file: {error.strerror or error}",
            where=str(file),
            hint="give the folder that holds resegment.yaml with --workspace DIR, or try `resegment demo`",
        ) from error
    except UnicodeDecodeError as error:
        raise WorkspaceError(f"not UTF-8 at byte {error.start}", where=str(file), hint="save it as UTF-8") from error
    tree, lines = _compose(text, str(file))
    _refuse_written_key(tree, lines)
    tree = _substitute(tree, (), lines, os.environ if environment is None else environment)
    for override in overrides:
        _override(tree, lines, override)
    try:
        workspace = Workspace.model_validate(tree)
    except ValidationError as error:
        raise _readable(error, lines) from error
    workspace._directory = directory.resolve()  # noqa: SLF001 - set once, by the only reader
    workspace._lines = lines  # noqa: SLF001
    return workspace


def _compose(text: str, file: str) -> tuple[dict[str, Any], dict[Path_, str]]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise WorkspaceError(
            f"not YAML: {error.problem or error}", where=f"{file}:{line}", hint="check indentation, quotes and colons"
        ) from error
    except yaml.YAMLError as error:
        raise WorkspaceError(f"not YAML: {error}", where=file) from error
    if not isinstance(node, yaml.MappingNode):
        raise WorkspaceError("expected keys such as `name:` and `sources:`, found none", where=f"{file}:1")
    lines: dict[Path_, str] = {(): f"{file}:1"}
    tree = _construct(node, (), lines, file)
    assert isinstance(tree, dict)  # noqa: S101 - a mapping node makes a dict
    return tree, lines


def _construct(node: yaml.Node, path: Path_, lines: dict[Path_, str], file: str) -> object:
    """Build values from nodes, noting the line of every key: the safe loader's own, plus duplicate keys refused."""
    lines.setdefault(path, f"{file}:{node.start_mark.line + 1}")
    if isinstance(node, yaml.MappingNode):
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            where = f"{file}:{key_node.start_mark.line + 1}"
            if key in result:
                raise WorkspaceError(f"the key {key!r} stands twice", where=where, hint="keep one of them")
            lines[(*path, key)] = where
            result[key] = _construct(value_node, (*path, key), lines, file)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item, (*path, index), lines, file) for index, item in enumerate(node.value)]
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise WorkspaceError(f"cannot read the value {node.value!r}: {error}", where=lines[path]) from error


def _refuse_written_key(tree: dict[str, Any], lines: dict[Path_, str]) -> None:
    """A key in the file is a key in the repository that the file lies in, and in its history."""
    section, name = KEY_PATH
    privacy = tree.get(section)
    written = privacy.get(name) if isinstance(privacy, dict) else None
    found = _VARIABLE.fullmatch(written) if isinstance(written, str) else None
    if written is not None and (found is None or found["default"] is not None):
        raise WorkspaceError(
            "privacy.key: the key stands in the file, expected the name of an environment variable",
            where=_line(lines, KEY_PATH),
            hint=KEY_HINT,
        )


def _substitute(value: Any, path: Path_, lines: dict[Path_, str], environment: Mapping[str, str]) -> Any:  # noqa: ANN401 - a YAML tree
    if isinstance(value, dict):
        return {key: _substitute(item, (*path, key), lines, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [_substitute(item, (*path, index), lines, environment) for index, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value

    def replace(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        found = environment.get(name)
        if found is None or (found == "" and default is not None):
            found = default
        if found is None and path == KEY_PATH:
            # Who only looks at what is published needs no key; a run asks for it.
            return ""
        if found is None:
            raise WorkspaceError(
                f"the environment variable {name} is not set",
                where=_line(lines, path),
                hint=f"set {name}, or write ${{{name}:-default}}",
            )
        return found

    replaced = _VARIABLE.sub(replace, value)
    if path == KEY_PATH:
        # Text, whatever it looks like; stripped of nothing.
        return replaced or None
    # A value that is a variable as a whole may be a number or a date, as if written there.
    return yaml.safe_load(replaced) if _VARIABLE.fullmatch(value) and replaced else replaced


def _override(tree: dict[str, Any], lines: dict[Path_, str], override: str) -> None:
    name, separator, text = override.partition("=")
    keys = name.split(".")
    if not separator or not all(keys):
        raise UsageError(
            f"--set {override!r} is not KEY=VALUE", hint="for example --set sources.orders.path=/data/x.csv"
        )
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        # Such as `*.csv`, an alias to YAML and a glob to everybody else.
        value = text
    section, secret = KEY_PATH
    if keys[:2] == [section, secret] or (keys == [section] and isinstance(value, dict) and secret in value):
        raise UsageError(
            "--set privacy.key: other users see the command line, and records of runs keep it", hint=KEY_HINT
        )
    place: Any = tree
    path: Path_ = ()
    for key in keys[:-1]:
        path = (*path, key)
        if isinstance(place, list) and key.isdigit() and int(key) < len(place):
            place = place[int(key)]
        elif isinstance(place, dict):
            place = place.setdefault(key, {})
        else:
            raise UsageError(f"--set {name}: {'.'.join(map(str, path))} holds a value, not keys")
    if isinstance(place, list) and keys[-1].isdigit() and int(keys[-1]) < len(place):
        place[int(keys[-1])] = value
    elif isinstance(place, dict):
        place[keys[-1]] = value
    else:
        raise UsageError(f"--set {name}: {'.'.join(keys[:-1])} holds a value, not keys")
    lines[tuple(keys)] = f"--set {name}"


def _line(lines: dict[Path_, str], path: Path_) -> str:
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return FILE_NAME


def _readable(error: ValidationError, lines: dict[Path_, str]) -> WorkspaceError:
    """One error whose message lists every problem by line, in the order of the file."""
    problems = []
    for detail in error.errors():
        path = _without_tag(detail["loc"])
        problems.append(f"{_line(lines, path)}: {'.'.join(map(str, path)) or 'workspace'}: {_explain(detail)}")
    if len(problems) == 1:
        where, _, message = problems[0].partition(": ")
        return WorkspaceError(message, where=where)
    return WorkspaceError(f"{len(problems)} problems in the workspace:\n  " + "\n  ".join(problems))


def _without_tag(path: Path_) -> Path_:
    """The path as the file has it: pydantic names the kind of a segmentation after its name, and marks wrong keys."""
    path = path[:-1] if path[-1:] == ("[key]",) else path
    return path[:2] + path[3:] if path[:1] == ("segmentations",) and len(path) > 2 else path  # noqa: PLR2004


def _explain(detail: ErrorDetails) -> str:
    kind, value = detail["type"], detail.get("input")
    if kind == "extra_forbidden":
        known = _known_keys(tuple(detail["loc"])[:-1])
        near = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(sorted(known))}"
        return f"unknown key; {hint}"
    if kind == "missing":
        return "is missing"
    message = detail["msg"].removeprefix("Value error, ")
    plain = isinstance(value, str | int | float | bool)
    return f"{message} (got {value!r})" if plain else message


def _known_keys(path: Path_) -> list[str]:
    """Keys that the model at a validation path has; the path may name a union's tag."""
    annotation: object = Workspace
    for part in path:
        annotation = _step(annotation, part)
    models = [item for item in (annotation, *get_args(annotation)) if _is_model(item)]
    return list(models[0].model_fields) if models else []


def _is_model(annotation: object) -> TypeIs[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _step(annotation: object, part: str | int) -> object:
    """The annotation one key, index or union tag further down."""
    if _is_model(annotation):
        field = annotation.model_fields.get(str(part))
        return field.annotation if field else None
    origin, members = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _step(members[0], part)
    if origin in {dict, list}:
        return members[-1]
    for member in members:
        if _is_model(member) and part in get_args(getattr(member.model_fields.get("kind"), "annotation", None)):
            return member
    found = (_step(member, part) for member in members)
    return next((annotation for annotation in found if annotation is not None), None)
