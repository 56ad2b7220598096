"""Every setting of the workspace is read by something, and those without effect on results are settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from tasks.config import workspace
from tasks.config.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[2]
#: Where settings are read: code, and templates of pages and SQL.
READERS = (*REPOSITORY.glob("flows/**/*.py"), *REPOSITORY.glob("tasks/**/*.py"), *REPOSITORY.glob("tasks/**/*.j2"))
READERS += (*REPOSITORY.glob("sql/**/*.sql"),)


def sections(shape: object, known: frozenset[object] = frozenset()) -> Iterator[type[BaseModel]]:
    """The models that a type is made of; rules are trees of themselves."""
    if isinstance(shape, type) and issubclass(shape, BaseModel) and shape not in known:
        yield shape
        for field in shape.model_fields.values():
            yield from sections(field.annotation, known | {shape})
    for part in get_args(shape):
        if part not in known:
            yield from sections(part, known | {shape})


@pytest.fixture(scope="module")
def attributes() -> frozenset[str]:
    """Whatever is read as an attribute anywhere, or in SQL by `['name']`."""
    texts = (path.read_text(encoding="utf-8") for path in READERS)
    return frozenset(name for text in texts for name in re.findall(r"(?:\.|\[')([a-z]\w*)", text))


@pytest.mark.parametrize("section", sorted(set(sections(Workspace)), key=lambda one: one.__name__))
def test_every_setting_is_read(section: type[BaseModel], attributes: frozenset[str]) -> None:
    unread = sorted(section.model_fields.keys() - attributes)
    assert not unread, f"{section.__module__}.{section.__name__}: nothing reads {', '.join(unread)}"


def test_what_is_without_effect_is_a_section() -> None:
    """Else a section that was called otherwise would make all published dates stale."""
    assert Workspace.model_fields.keys() >= workspace._WITHOUT_EFFECT
