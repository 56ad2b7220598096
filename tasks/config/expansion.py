"""From `template: name` in a workspace to the segmentation it stands for.

Owns: finding templates, filling in parameters, and what a use of one may change. Does not own what a template may say
(`template.py`), or whether what comes out is a segmentation (`segmentations.py`).
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from pydantic import Field, ValidationError

from tasks.config.conditions import Condition
from tasks.config.errors import WorkspaceError
from tasks.config.features import Key, Strict
from tasks.config.keys import key_of
from tasks.config.readable import readable
from tasks.config.template import NeededFeature, Template, TemplateOfUse
from tasks.config.treatment import Treatment
from tasks.config.yaml_tree import Lines, Path_, compose, line_of

if TYPE_CHECKING:
    from tasks.config.workspace import Workspace

FOLDER = "templates"
SHIPPED = Path(__file__).parent / FOLDER


class TemplateUse(Strict):
    """A segmentation made from a template; keys beside `with` replace what the template says."""

    template: Key = Field(description="its name, see templates.md, or a file `templates/<name>.yaml` of the workspace")
    with_: dict[str, Any] = Field(default_factory=dict, alias="with", description="parameters by name")
    name: str | None = Field(default=None, description="for people; default: the template's title")
    description: str | None = Field(default=None, description="for people")
    owner: str | None = Field(default=None, description="who is responsible for its segments")
    population: Condition | None = Field(default=None, description="who is segmented at all")
    except_: list[Condition] | None = Field(
        default=None, alias="except", description="who is not, although he is of the population"
    )
    treatments: dict[str, Treatment] = Field(
        default_factory=dict, description="treatment by segment id; what it does not say is the template's"
    )


@dataclass(slots=True)
class Needed:
    """The templates in use, and what they ask of a workspace: features, entities as (alternatives, template, line)."""

    templates: dict[str, TemplateOfUse] = field(default_factory=dict)
    features: tuple[NeededFeature, ...] = ()
    entities: list[tuple[list[str], str, str]] = field(default_factory=list)


def template_files(directory: Path | None) -> dict[str, Path]:
    """Templates by name: ours, and a workspace's own, of which one of the same name replaces ours."""
    files = {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}
    if directory is not None:
        files |= {path.stem: path for path in sorted((directory / FOLDER).glob("*.yaml"))}
    return files


def read_template(path: Path) -> Template:
    """Read one file.

    Raises:
        WorkspaceError: it is no template.
    """
    return _parsed(path.read_text(encoding="utf-8"), path)


@lru_cache(maxsize=256)
def _parsed(text: str, path: Path) -> Template:
    tree, lines = compose(text, str(path))
    try:
        return Template.model_validate(tree)
    except ValidationError as error:
        raise readable(error, Template, tree, lines, file=str(path)) from error


def expand_templates(tree: Mapping[str, Any], lines: Lines, directory: Path) -> Needed:
    """Put the segmentations that templates stand for into the tree of a workspace, in their place.

    Raises:
        WorkspaceError: there is no such template, or a parameter is unknown, missing or wrong.
    """
    needed = Needed()
    listed = tree.get("segmentations")
    if not isinstance(listed, dict):
        return needed
    for name, raw in listed.items():
        if isinstance(raw, dict) and "template" in raw:
            listed[name] = _expanded(_Use(name, raw, lines), template_files(directory), needed)
    return needed


def refuse_missing_entities(needed: Needed, workspace: Workspace) -> None:
    """Prove that sources map what the templates in use are about.

    Raises:
        WorkspaceError: none of the entities is mapped that could tell what a template asks for.
    """
    mapped = {source.entity for source in workspace.sources.values()}
    for entities, template, where in needed.entities:
        if entities and mapped.isdisjoint(entities):
            raise WorkspaceError(
                f"the template {template!r} needs {' or '.join(entities)}, and no source maps "
                + ("it" if len(entities) == 1 else "any of them"),
                where=where,
                hint="map a source to it, or name the features yourself below `with:`",
            )


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of a template in the workspace file."""

    name: str
    raw: dict[str, Any]
    lines: Lines

    def line(self, *keys: str) -> str:
        return line_of(self.lines, self.path(*keys), "")

    def path(self, *keys: str) -> Path_:
        return ("segmentations", self.name, *keys)


def _expanded(use: _Use, files: Mapping[str, Path], needed: Needed) -> dict[str, Any]:
    try:
        said = TemplateUse.model_validate(use.raw)
    except ValidationError as error:
        raise readable(error, TemplateUse, use.raw, use.lines, at=use.path()) from error
    if said.template not in files:
        near = difflib.get_close_matches(said.template, files, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"templates are {', '.join(sorted(files))}"
        raise WorkspaceError(f"there is no template {said.template!r}", where=use.line("template"), hint=hint)
    path = files[said.template]
    template = read_template(path)
    values = parameter_values(template, said.with_, said.template, use)
    digest = hashlib.sha256(json.dumps(use.raw, sort_keys=True, default=str).encode()).hexdigest()
    needed.templates[use.name] = TemplateOfUse(said.template, path.parent == SHIPPED, digest)
    _note(needed, template, said, values, use)
    body = render(template, path, values)
    for key in ("name", "description", "owner", "population", "except"):
        if key in use.raw:
            body[key] = use.raw[key]
    own = use.raw.get("treatments") or {}
    theirs = body.get("treatments") or {}
    body["treatments"] = {key: (theirs.get(key) or {}) | (own.get(key) or {}) for key in (*theirs, *own)}
    return body


def parameter_values(
    template: Template, given: Mapping[str, Any], name: str, use: _Use | None = None
) -> dict[str, Any]:
    """The value of every parameter: as given, else its default.

    Raises:
        WorkspaceError: a parameter is unknown, missing or wrong.
    """

    def where(*keys: str) -> str | None:
        return use.line("with", *keys) if use else None

    known = template.parameters
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
            raise WorkspaceError(f"the template {name!r} has no parameter {key!r}", where=where(key), hint=hint)
    values: dict[str, Any] = {}
    for key, parameter in known.items():
        if key not in given and parameter.is_required:
            raise WorkspaceError(
                f"the template {name!r} needs the parameter {key!r}: {parameter.meaning}",
                where=where(),
                hint=f"write `with: {{{key}: …}}`; it is {parameter.allowed()}",
            )
        values[key] = given.get(key, parameter.default)
        try:
            parameter.refuse(values[key])
        except ValueError as error:
            raise WorkspaceError(
                f"the parameter {key!r} of the template {name!r}: {error}",
                where=where(key),
                hint=f"it says {parameter.meaning}",
            ) from error
    return values


def example_values(template: Template) -> dict[str, Any]:
    """Values to show a template with: defaults, and examples of what has none."""
    return {
        key: parameter.example if parameter.is_required else parameter.default
        for key, parameter in template.parameters.items()
    }


def render(template: Template, path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """The segmentation that a template stands for, as YAML would give it.

    Raises:
        WorkspaceError: the template's text cannot be rendered, or is no YAML then.
    """
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - YAML, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"json": _as_json, "sql": _as_sql, "percent": _as_percent, "key": key_of}
    try:
        text = environment.from_string(template.segmentation).render(values)
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        raise WorkspaceError(
            f"cannot render the template: {error}",
            where=f"{path}, line {line} of `segmentation`" if line else str(path),
            hint=f"it may use {', '.join(template.parameters) or 'no names'}",
        ) from error
    body, _ = compose(text, f"{path}, as rendered")
    title = {"name": template.title, "description": " ".join(template.description.split())}
    return {"basis": template.basis, **title, **body}


def _note(needed: Needed, template: Template, said: TemplateUse, values: Mapping[str, Any], use: _Use) -> None:
    """Note what the use of a template asks of the workspace."""
    features = [
        NeededFeature(said.template, feature, None, use.line("template"), None) for feature in template.features
    ]
    is_named_by_user = False
    for key, parameter in template.parameters.items():
        if parameter.type != "feature" or values[key] is None:
            continue
        is_named_by_user |= key in said.with_
        where = use.line(*(("with", key) if key in said.with_ else ("template",)))
        listed = values[key] if parameter.many else [values[key]]
        features += [NeededFeature(said.template, feature, parameter.kind, where, key) for feature in listed]
    needed.features += tuple(features)
    if not is_named_by_user:
        needed.entities.append((template.entities, said.template, use.line("template")))


def _as_json(value: object) -> str:
    """Any value as YAML reads it: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)


def _as_sql(value: str | float) -> str:
    """A text or a number as a literal of SQL."""
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def _as_percent(share: float) -> str:
    """A share in percent, without the noise of floats."""
    return f"{round(share * 100, 4):g}"
