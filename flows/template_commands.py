"""The commands of `resegment template`: list templates, show one.

Owns: these commands and what they print. Does not own their arguments (`cli.py`), or templates (`tasks/config`).
"""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

from flows import console
from tasks.config.errors import UsageError
from tasks.config.expansion import example_values, read_template, render, template_files
from tasks.config.template_text import example, parameter_rows, requirements


def show_templates(options: argparse.Namespace) -> int:
    """`resegment template list`."""
    found = {name: read_template(path) for name, path in template_files(_folder(options)).items()}
    if options.json:
        console.print_json(
            [{"name": name, "basis": one.basis, "description": one.description} for name, one in found.items()]
        )
        return 0
    console.print_table(
        ["template", "basis", "what it does"],
        [[name, one.basis, one.description] for name, one in found.items()],
    )
    return 0


def show_template(options: argparse.Namespace) -> int:
    """`resegment template show NAME`."""
    files = template_files(_folder(options))
    if options.name not in files:
        near = difflib.get_close_matches(options.name, files, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"templates are {', '.join(sorted(files))}"
        raise UsageError(f"there is no template {options.name!r}", hint=hint)
    path = files[options.name]
    template = read_template(path)
    body = render(template, path, example_values(template))
    if options.json:
        console.print_json(
            {"name": options.name, "file": str(path), **template.model_dump(mode="json"), "segmentation": body}
        )
        return 0
    console.out.print(f"[bold]{options.name}[/bold]  {template.title} ({template.basis}, kind {body['kind']})")
    console.out.print(template.description, markup=False)
    console.out.print(f"needs {requirements(template)}\n", markup=False)
    if template.parameters:
        console.print_table(["parameter", "value", "default", "meaning"], parameter_rows(template))
        console.out.print()
    named = [(one["id"], one["name"], one.get("description", "")) for one in _segments(body)]
    if named:
        console.print_table(["segment", "name", "description"], named)
        console.out.print()
    console.out.print(example(options.name, template), markup=False, highlight=False)
    return 0


def _segments(body: dict[str, object]) -> list[dict[str, str]]:
    """The segments that a rendered template names."""
    listed = body.get("segments")
    single = [body[key] for key in ("others", "otherwise") if body.get(key)]
    return [one for one in [*(listed if isinstance(listed, list) else []), *single] if isinstance(one, dict)]


def _folder(options: argparse.Namespace) -> Path:
    """Where a workspace's own templates would be."""
    return Path(options.workspace).expanduser().resolve() if options.workspace else Path.cwd()
