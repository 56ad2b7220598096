"""What of a workspace is another than an earlier run was made by, and whether the workspace or the program changed it.

Owns: that comparison, of what `provenance.said_text` keeps. A run is made by all settings, and most are defaults of the
program. Where such a one is another in a newer version, nobody edited anything, and nobody should be told that he did.
Does not own what follows from an edit.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.config.workspace import Workspace

#: What one side does not know.
_ABSENT = object()
#: So many defaults are named.
_NAMED = 3
_SEGMENTATIONS, _CALENDAR = "segmentations", "calendar"
_Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that is another by now.

    Attributes:
        text: it in words.
        is_own: the workspace says it otherwise; else the program does.
    """

    text: str
    is_own: bool


def edited_sections(said: Mapping[str, Any], space: Workspace, without: Collection[str] = ()) -> list[Edit]:
    """Sections of the workspace that say something else, but for the segmentations.

    Args:
        said: what an earlier run kept of its workspace.
        space: the workspace of today.
        without: settings that do not matter, whole sections among them.
    """
    then, now, written = _sides(said, space)
    found: list[Edit] = []
    for key in sorted({*then, *now} - {_SEGMENTATIONS, *without}):
        if key not in now and key in Workspace.model_fields and key != _CALENDAR:
            # It was thought to have an effect by an earlier version.
            continue
        values = (then.get(key, _ABSENT), now.get(key, _ABSENT))
        found += _edits((key,), values, written, f"the section {key} changed", without)
    return found


def edited_segmentations(said: Mapping[str, Any], space: Workspace) -> list[Edit]:
    """Segmentations that came, went or are defined otherwise."""
    sides = _sides(said, space)
    then, now = (side.get(_SEGMENTATIONS, {}) for side in sides[:2])
    found = [Edit(f"the segmentation {name} is new", is_own=True) for name in now if name not in then]
    found += [Edit(f"the segmentation {name} is gone", is_own=True) for name in then if name not in now]
    used = (said.get("written") or {}).get("templates", {})
    for name in now:
        if name not in then or then[name] == now[name]:
            continue
        use = space.written()["templates"].get(name)
        if use is not None and use == used.get(name):
            text = f"the template {use['template']} changed, of which the segmentation {name} is made"
            found.append(Edit(text, is_own=not use["is_shipped"]))
            continue
        text = f"the definition of the segmentation {name} changed"
        found += _edits((_SEGMENTATIONS, name), (then[name], now[name]), sides[2], text)
    return found


def _sides(said: Mapping[str, Any], space: Workspace) -> tuple[dict[str, Any], dict[str, Any], list[Mapping[str, Any]]]:
    """What was said, what is said, and which keys were and are written; of an earlier version only which are."""
    settings = [space.written()["settings"]]
    if said.get("written") is not None:
        settings.append(said["written"]["settings"])
    return said["workspace"], json.loads(json.dumps(space.said())), settings


def _edits(
    path: _Path,
    sides: tuple[object, object],
    written: list[Mapping[str, Any]],
    text: str,
    without: Collection[str] = (),
) -> list[Edit]:
    different = [found for found in _different(path, *sides) if ".".join(found[0]) not in without]
    if not different:
        return []
    if any(_is_written(place, keys) for keys in written for place, *_ in different):
        return [Edit(text, is_own=True)]
    named = [f"{'.'.join(place)} {_told(before, now)}" for place, before, now in different[:_NAMED]]
    more = f", and {len(different) - _NAMED} more" if len(different) > _NAMED else ""
    return [Edit(f"not said in the workspace: {', '.join(named)}{more}", is_own=False)]


def _different(path: _Path, then: object, now: object) -> Iterator[tuple[_Path, object, object]]:
    """Settings that differ, with both values, as deep as both sides have keys or lists of one length."""
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for place, (before, present) in enumerate(zip(then, now, strict=True)):
            yield from _different((*path, str(place)), before, present)
    elif isinstance(then, dict) and isinstance(now, dict):
        for key in (*now, *(key for key in then if key not in now)):
            yield from _different((*path, key), then.get(key, _ABSENT), now.get(key, _ABSENT))
    elif then != now:
        yield path, then, now


def _is_written(path: _Path, keys: Any) -> bool:  # noqa: ANN401 - a tree of keys
    """Whether a workspace says something of a setting, or of something in it."""
    for key in path:
        if keys is True:
            return True
        if not isinstance(keys, dict) or key not in keys:
            return False
        keys = keys[key]
    return True


def _told(before: object, now: object) -> str:
    if now is _ABSENT:
        return f"was {json.dumps(before)} and is not known to this version"
    return (
        f"{'was not there' if before is _ABSENT else f'was {json.dumps(before)}'} and is {json.dumps(now)} by default"
    )
