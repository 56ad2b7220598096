"""The page of templates: what each does, needs and lets its user decide, its segments and an example.

Owns: its layout. Does not own the templates (`tasks/config/templates`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.markdown import code, grid
from tasks.config.expansion import example_values, read_template, render, template_files
from tasks.config.template import Template
from tasks.config.template_text import example, parameter_rows, requirements

_OPENING = """\
Segmentations that are used by name, in place of a `kind`. Each key of `with:` has a default, unless it says *required*;
`name`, `description`, `owner`, `population`, `except` and `treatments` may be given beside it and replace what the
template says. `resegment template show NAME` prints the same; a file `templates/<name>.yaml` of a workspace is a
template, too, and replaces ours of that name. How to write one:
[write-a-segmentation.md](../how-to/write-a-segmentation.md#write-a-template)."""


def templates_page() -> Iterator[str]:
    """Every template that comes with the code."""
    found = {name: (read_template(path), path) for name, path in template_files(None).items()}
    yield _OPENING
    yield grid(
        ("template", "basis", "what it does"),
        ((f"[{code(name)}](#{name})", one.basis, one.description) for name, (one, _) in found.items()),
    )
    for name, (template, path) in found.items():
        yield from _section(name, template, render(template, path, example_values(template)))


def _section(name: str, template: Template, body: dict[str, Any]) -> Iterator[str]:
    yield f"## {name}"
    yield f"{template.title}: {template.description} Basis {template.basis}, kind {code(body['kind'])}."
    yield f"Needs {requirements(template)}."
    if template.parameters:
        yield grid(
            ("parameter", "value", "default", "meaning"),
            (
                (code(key), allowed, code(default), meaning)
                for key, allowed, default, meaning in parameter_rows(template)
            ),
        )
    segments = [*body.get("segments", []), *(body[key] for key in ("others", "otherwise") if body.get(key))]
    if segments:
        treatments = body.get("treatments", {})
        yield grid(
            ("segment", "name", "description", "value proposition"),
            (
                (
                    code(one["id"]),
                    one["name"],
                    one.get("description", ""),
                    treatments.get(one["id"], {}).get("value_proposition", ""),
                )
                for one in segments
            ),
        )
    yield f"```yaml\n{example(name, template)}\n```"
