"""Reading `resegment.yaml`: YAML with line numbers, environment values, command-line overrides, readable errors.

Owns: the way from text to a `Workspace`. Does not own what a workspace may say (`workspace.py`), templates
(`expansion.py`) or what rules mean (`resolving.py`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tasks.config.errors import UsageError, WorkspaceError
from tasks.config.expansion import expand_templates, refuse_missing_entities
from tasks.config.privacy import KEY_HINT, KEY_PATH
from tasks.config.readable import readable
from tasks.config.workspace import Workspace
from tasks.config.yaml_tree import Lines, Path_, compose, line_of, value_of

FILE_NAME = "resegment.yaml"
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
    tree, lines = compose(text, str(file))
    _refuse_written_key(tree, lines)
    tree = _substitute(tree, (), lines, os.environ if environment is None else environment)
    for override in overrides:
        _override(tree, lines, override)
    needed = expand_templates(tree, lines, directory)
    try:
        workspace = Workspace.model_validate(tree)
    except ValidationError as error:
        raise readable(error, Workspace, tree, lines, file=FILE_NAME) from error
    workspace._directory = directory.resolve()  # noqa: SLF001 - set once, by the only reader
    workspace._lines = lines  # noqa: SLF001
    workspace._needed_features = needed.features  # noqa: SLF001
    workspace._templates = needed.templates  # noqa: SLF001
    refuse_missing_entities(needed, workspace)
    # Rules that lead nowhere are told now, not when a run comes to them.
    _ = workspace.resolved
    return workspace


def _refuse_written_key(tree: dict[str, Any], lines: Lines) -> None:
    """A key in the file is a key in the repository that the file lies in, and in its history."""
    section, name = KEY_PATH
    privacy = tree.get(section)
    written = privacy.get(name) if isinstance(privacy, dict) else None
    found = _VARIABLE.fullmatch(written) if isinstance(written, str) else None
    if written is not None and (found is None or found["default"] is not None):
        raise WorkspaceError(
            "privacy.key: the key stands in the file, expected the name of an environment variable",
            where=line_of(lines, KEY_PATH, FILE_NAME),
            hint=KEY_HINT,
        )


def _substitute(value: Any, path: Path_, lines: Lines, environment: Mapping[str, str]) -> Any:  # noqa: ANN401 - a YAML tree
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
                where=line_of(lines, path, FILE_NAME),
                hint=f"set {name}, or write ${{{name}:-default}}",
            )
        return found

    replaced = _VARIABLE.sub(replace, value)
    if path == KEY_PATH:
        # Text, whatever it looks like; stripped of nothing.
        return replaced or None
    # A value that is a variable as a whole may be a number or a date, as if written there.
    return value_of(replaced) if _VARIABLE.fullmatch(value) and replaced else replaced


def _override(tree: dict[str, Any], lines: Lines, override: str) -> None:
    name, separator, text = override.partition("=")
    keys = name.split(".")
    if not separator or not all(keys):
        raise UsageError(
            f"--set {override!r} is not KEY=VALUE", hint="for example --set sources.orders.path=/data/x.csv"
        )
    value = value_of(text)
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
