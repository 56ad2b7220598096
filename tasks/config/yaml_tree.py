"""YAML as a tree of plain values, with the line of every key.

Owns: reading YAML text. Does not own what a tree may hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tasks.config.errors import WorkspaceError

_MERGE = "tag:yaml.org,2002:merge"
_NUMBERS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(:[0-9]+)+(\.[0-9_]*)?")

Path_ = tuple[str | int, ...]
Lines = dict[Path_, str]


def compose(text: str, file: str) -> tuple[dict[str, Any], Lines]:
    """The mapping that a YAML text holds, and where each of its keys stands, as ``file:line``.

    Raises:
        WorkspaceError: it is not YAML, not a mapping, or has a key twice.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise WorkspaceError(
            f"not YAML: {error.problem or error}", where=f"{file}:{line}", hint="check indentation, quotes and colons"
        ) from error
    except yaml.YAMLError as error:
        told = str(error).partition("\n")[0]
        raise WorkspaceError(
            f"not YAML: {told}", where=file, hint="save it as text, without control characters"
        ) from error
    if not isinstance(node, yaml.MappingNode):
        raise WorkspaceError("expected keys such as `name:` and a value each, found none", where=f"{file}:1")
    lines: Lines = {(): f"{file}:1"}
    tree = _construct(node, (), lines, file)
    assert isinstance(tree, dict)  # noqa: S101 - a mapping node makes a dict
    return tree, lines


def line_of(lines: Mapping[Path_, str], path: Path_, unknown: str) -> str:
    """Where a key stands, or its nearest parent that the file has."""
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return unknown


def value_of(text: str) -> object:
    """The value that a text is in YAML, as if it were written there; the text itself where it is none.

    Such as `*.csv`, an alias to YAML and a glob to everybody else.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return None if node is None else _construct(node, (), {}, "")
    except (yaml.YAMLError, WorkspaceError):
        return text


def _construct(node: yaml.Node, path: Path_, lines: Lines, file: str, around: tuple[yaml.Node, ...] = ()) -> object:
    """Build values from nodes, noting the line of every key: the safe loader's own, plus duplicate keys refused."""
    where = f"{file}:{node.start_mark.line + 1}"
    lines.setdefault(path, where)
    _refuse_circle(node, around, where)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, file, (*around, node))
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item, (*path, index), lines, file, (*around, node)) for index, item in enumerate(node.value)]
    if _SEXAGESIMAL.fullmatch(node.value) and node.tag in _NUMBERS:
        # YAML 1.1 takes 18:00 for 1080; people mean a time of day.
        return node.value
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise WorkspaceError(f"cannot read the value {node.value!r}: {error}", where=lines[path]) from error


def _refuse_circle(node: yaml.Node, around: tuple[yaml.Node, ...], where: str) -> None:
    if node in around:
        raise WorkspaceError("an alias stands inside what it is an alias of", where=where, hint="write it out")


def _mapping(
    node: yaml.MappingNode, path: Path_, lines: Lines, file: str, around: tuple[yaml.Node, ...]
) -> dict[str, object]:
    result: dict[str, object] = {}
    merged: list[yaml.Node] = []
    for key_node, value_node in node.value:
        where = f"{file}:{key_node.start_mark.line + 1}"
        if not isinstance(key_node, yaml.ScalarNode):
            raise WorkspaceError("a key is a list or mapping, expected a text", where=where, hint="quote the key")
        if key_node.tag == _MERGE:
            merged += value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
            continue
        key = str(key_node.value)
        if key in result:
            raise WorkspaceError(f"the key {key!r} stands twice", where=where, hint="keep one of them")
        lines[(*path, key)] = where
        result[key] = _construct(value_node, (*path, key), lines, file, around)
    for other in merged:
        # What the mapping says itself goes first, then what stands first in the list.
        _refuse_circle(other, around, f"{file}:{other.start_mark.line + 1}")
        if not isinstance(other, yaml.MappingNode):
            where = f"{file}:{other.start_mark.line + 1}"
            raise WorkspaceError("<< stands for no mapping", where=where, hint="write an alias such as <<: *name")
        found: Lines = {}
        for key, value in _mapping(other, path, found, file, (*around, other)).items():
            if key not in result:
                result[key] = value
                size = len(path) + 1
                lines.update({place: line for place, line in found.items() if place[:size] == (*path, key)})
    return result
