"""SQL models: one SELECT a file under `sql/<schema>/<table>.sql`, its header read, its order found.

Owns: rendering, headers and dependencies of models. Does not own writing their rows (`tables.py`).

A header is made of comment lines at the top::

    -- what: one row is a customer's buying rhythm at the as-of date
    -- why: cadence tells a pause from a loss
    -- owner: data engineering
    -- grain: customer
    -- incremental: order_id
    -- column gap_mean_days: mean days between order days [unit=days]
    -- column tenure_days: days since the first order [unit=days; calendar]
    -- column order_count: orders, all time [unit=orders; cumulative]
    -- column age_years: full years of age [unit=years; coarsens=birth_date]
    -- column market_rents: rents of his area [unit=index; external]
    -- column discount_share: discounts ÷ prices before them [unit=share; range=0..1]

Models are Jinja templates over a few names: `as_of` (a DATE literal), `as_of_end` (the first moment not seen),
`windows` (days), `constructs`, `indicators`, `enrichments` (as the workspace declares them), `text` (writes a text as
SQL).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter
from itertools import takewhile
from pathlib import Path
from typing import Literal

import jinja2

from tasks.config.errors import WorkspaceError
from tasks.config.features import Features
from tasks.config.shipped import shipped
from tasks.warehouse.connection import literal
from tasks.warehouse.model_reading import tables_read

Kind = Literal["number", "category", "flag", "date", "id"]
_HEADER = re.compile(
    r"^--\s*(?P<key>what|why|owner|grain|incremental|requires|column\s+(?P<column>\w+)):\s*(?P<text>.+?)\s*$"
)
_NO_DAY = {"as_of": literal(dt.date.min), "as_of_end": literal(dt.datetime.combine(dt.date.min, dt.time()))}
#: Literals that differ from run to run, and what stands for them where the SQL is only parsed.
_DAY_OR_RUN = re.compile(r"'(?:(?P<day>\d{4}-\d\d-\d\d)|(?P<moment>\d{4}-\d\d-\d\d [\d:.]+)|(?P<run>[0-9a-f]{16}))'")
_NO_DAY_OR_RUN = {"day": "'0001-01-01'", "moment": "'0001-01-01 00:00:00'", "run": "'0'"}
_ENVIRONMENT = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - SQL, not HTML
_WINDOW = re.compile(r"_(\d+)d_")
_NOTES = re.compile(r"\s*\[(?P<notes>[^\[\]]*)\]$")


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """One column as the header describes it.

    Attributes:
        name: the column.
        meaning: in words.
        unit: such as days, money, share.
        kind: how it is read: a number, a category, a flag, a date, an id.
        is_calendar_driven: the value of every customer grows by one a day, whatever he does.
        is_cumulative: the value moves by itself as history grows, so that drift looks at its windowed sisters instead.
        is_external: the value is of the world around, and moves for many customers at once, whatever they do.
        coarsens: sensitive columns that it is computed from, and tells less than.
        range: the lowest and the highest value that it can have; None: not said.
    """

    name: str
    meaning: str
    unit: str = ""
    kind: Kind = "number"
    is_calendar_driven: bool = False
    is_cumulative: bool = False
    is_external: bool = False
    coarsens: tuple[str, ...] = ()
    range: tuple[float, float] | None = None

    @property
    def moves_by_itself(self) -> bool:
        """Whether its values move whatever customers do."""
        return self.is_calendar_driven or self.is_cumulative or self.is_external

    @property
    def window_days(self) -> int | None:
        """The days that it looks back by its name, such as 90 of `order_90d_count`; None: all there are."""
        found = _WINDOW.search(self.name)
        return int(found.group(1)) if found else None


@dataclass(frozen=True)
class SqlModel:
    """A rendered model.

    Attributes:
        schema: such as ``features``.
        table: its name there.
        path: the file.
        sql: the rendered file.
        what: one row.
        why: the table exists.
        grain: customer: only rows of the same customer meet; global: others do.
        columns: as the header describes them.
        incremental: the columns by which rows depend on rows of what the model reads: where these columns' values have
            seen no change, no row changes. Of what it reads, every table must have them.
        undated_sql: the file rendered for a day that is never meant.
    """

    schema: str
    table: str
    path: Path
    sql: str
    what: str
    why: str
    grain: Literal["customer", "global"]
    columns: tuple[ModelColumn, ...] = field(default_factory=tuple)
    incremental: tuple[str, ...] = ()
    undated_sql: str = ""
    owner: str = ""

    @property
    def is_dated(self) -> bool:
        """Whether the SQL names the as-of day, so that it may give another row of the same input on another day."""
        return self.sql != self.undated_sql

    @property
    def name(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.table}"

    @cached_property
    def form(self) -> str:
        """The SQL to learn from which columns and tables it names: with one day for all days, one run for all runs.

        It is the same for all of them, so that it is parsed once and not for each.
        """
        return _DAY_OR_RUN.sub(lambda found: _NO_DAY_OR_RUN[found.lastgroup or ""], self.sql)

    @cached_property
    def reads(self) -> frozenset[str]:
        """Every ``schema.table`` that the SELECT names, and functions that read a table by its name."""
        return tables_read(self.form, str(self.path))


def load_models(
    schema: str,
    *,
    as_of: dt.date,
    features: Features,
    extra: Path | None = None,
    values: Mapping[str, object] | None = None,
) -> list[SqlModel]:
    """All models of a schema, ours and a workspace's own, in the order in which they can be built.

    Args:
        schema: such as ``features``.
        as_of: the day that the run describes; rendered into the SQL.
        features: the workspace's section: windows, constructs, indicators, enrichments.
        extra: a workspace's `sql` folder; a file of the same name replaces ours.
        values: further names that the schema's templates use.

    Raises:
        WorkspaceError: a template or header that cannot be read, or models that read each other in a circle.
    """
    context = {
        "as_of": literal(as_of),
        "as_of_end": literal(dt.datetime.combine(as_of + dt.timedelta(days=1), dt.time())),
        **features.template_names(),
        "text": literal,
        **(values or {}),
    }
    files: dict[str, Path] = {}
    for root in (shipped("sql"), extra):
        if root is not None and (root / schema).is_dir():
            files |= {path.stem: path for path in sorted((root / schema).glob("*.sql"))}
    models = {f"{schema}.{name}": read_model(schema, path, context) for name, path in files.items()}
    return _ordered(models)


def read_model(schema: str, path: Path, context: Mapping[str, object]) -> SqlModel:
    """Render one file and read its header."""
    try:
        template = _template(_text(path))
        sql, undated = template.render(context), template.render({**context, **_NO_DAY})
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", 1)
        raise WorkspaceError(
            f"cannot render the model: {error}", where=f"{path}:{line}", hint=f"templates may use {', '.join(context)}"
        ) from error
    header: dict[str, str] = {}
    columns: list[ModelColumn] = []
    # Of the lines at the top only: a text further down may have a line of its own that looks like one of the header.
    for line in takewhile(lambda line: not line.strip() or line.startswith("--"), sql.splitlines()):
        match = _HEADER.match(line)
        if match is None:
            continue
        if match["column"]:
            columns.append(_column(match["column"], match["text"], str(path)))
        else:
            header[match["key"]] = match["text"]
    missing = {"what", "why", "grain"} - header.keys()
    if missing or header["grain"] not in {"customer", "global"}:
        raise WorkspaceError(
            f"the header lacks {', '.join(sorted(missing)) or 'a grain of customer or global'}",
            where=f"{path}:1",
            hint="start the file with `-- what:`, `-- why:` and `-- grain: customer|global`",
        )
    grain: Literal["customer", "global"] = "customer" if header["grain"] == "customer" else "global"
    keys = tuple(name.strip() for name in header.get("incremental", "").split(",") if name.strip())
    what, why, owner = header["what"], header["why"], header.get("owner", "")
    return SqlModel(schema, path.stem, path, sql, what, why, grain, tuple(columns), keys, undated, owner)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            f"cannot read the model: {getattr(error, 'strerror', None) or 'it is not written in UTF-8'}",
            where=str(path),
            hint="save the file as text in UTF-8, readable for this user",
        ) from error


@lru_cache(maxsize=1024)
def _template(text: str) -> jinja2.Template:
    return _ENVIRONMENT.from_string(text)


def _column(name: str, text: str, path: str) -> ModelColumn:
    match = _NOTES.search(text)
    meaning = text[: match.start()] if match else text
    notes: list[str] = [note.strip() for note in match["notes"].split(";")] if match else []
    values = dict(note.split("=", 1) for note in notes if "=" in note)
    kinds: dict[str, Kind] = {"category": "category", "flag": "flag", "date": "date", "id": "id"}
    kind: Kind = next((kinds[note] for note in notes if note in kinds), "number")
    coarsens = tuple(note.partition("=")[2].strip().lower() for note in notes if note.startswith("coarsens="))
    return ModelColumn(
        name,
        meaning,
        values.get("unit", ""),
        kind,
        is_calendar_driven="calendar" in notes,
        is_cumulative="cumulative" in notes,
        is_external="external" in notes,
        coarsens=coarsens,
        range=_range(name, values["range"], path) if "range" in values else None,
    )


def _range(name: str, text: str, path: str) -> tuple[float, float]:
    lowest, _, highest = text.partition("..")
    try:
        found = float(lowest), float(highest)
    except ValueError:
        found = math.nan, math.nan
    if not -math.inf < found[0] < found[1] < math.inf:
        raise WorkspaceError(
            f"the range of column {name} is {text!r}, expected the lowest and the highest value",
            where=path,
            hint="write it as in [unit=share; range=0..1]",
        )
    return found


def _ordered(models: dict[str, SqlModel]) -> list[SqlModel]:
    graph = {name: model.reads & models.keys() - {name} for name, model in models.items()}
    try:
        return [models[name] for name in TopologicalSorter(dict(sorted(graph.items()))).static_order()]
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise WorkspaceError(
            f"models read each other in a circle: {circle}", hint="move the shared part to a model"
        ) from error
