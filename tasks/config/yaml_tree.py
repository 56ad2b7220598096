"""YAML as a tree of plain values, with the line of every key.

Owns: reading YAML text. Does not own what a tree may hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from tasks.config.errors import WorkspaceError

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
        raise WorkspaceError(f"not YAML: {error}", where=file) from error
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


def _construct(node: yaml.Node, path: Path_, lines: Lines, file: str) -> object:
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
