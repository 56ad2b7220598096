"""Worlds of rules for tests: segmentations of kind rules, as a workspace would have them."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from tasks.config.resolving import Resolved, resolve
from tasks.config.segmentations import RulesSegmentation, Segmentation


def parsed(world: dict[str, dict[str, Any]]) -> dict[str, RulesSegmentation]:
    return TypeAdapter(dict[str, Segmentation]).validate_python(world)  # type: ignore[return-value]


def rules(*segments: dict[str, Any], **keys: object) -> dict[str, Any]:
    named = [{"name": segment["id"].upper(), **segment} for segment in segments]
    return {"kind": "rules", "basis": "value", "segments": named, **keys}


def resolved(**world: dict[str, Any]) -> dict[str, Resolved]:
    return resolve(parsed(world), lambda *keys: ".".join(map(str, keys)))
