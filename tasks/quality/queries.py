"""The SQL of checks: which rows of a table a run is judged by, and what a query in a suite turns into.

Owns: `{{ batch }}` and the other names that a query in a suite may use, and which query an expectation of ours becomes.
Does not own those queries (`row_queries.py`, `series.py`, `table_sizes.py`), trying them (`binding.py`) or running any
of it (`gate.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import jinja2

from tasks.config import drift
from tasks.config.entities import CONTACT_COLUMNS, ENTITIES
from tasks.config.errors import WorkspaceError
from tasks.config.workspace import Workspace
from tasks.quality import row_queries, vocabulary
from tasks.quality.file_history import FileHistory, file_histories, newest_loaded_at
from tasks.quality.load_counts import Kept, keep
from tasks.quality.series import Asked, SeriesMaker
from tasks.quality.suites import Check, Suite
from tasks.quality.table_sizes import row_count_query
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.earlier_records import ENTITY as RECORDS
from tasks.warehouse.ledger import KEPT_BY_RUN
from tasks.warehouse.run import Run

#: What people and systems write for a missing value, in lower case. Not `none` and `na`: no education, and Namibia.
PLACEHOLDERS = (
    *("unknown", "not known", "n/a", "n.a.", "#n/a", "null", "nan", "nil", "undefined", "unspecified", "not specified"),
    *("not available", "missing", "tbd", "test", "dummy", "xxx", "unbekannt", "keine angabe", "inconnu", "desconocido"),
    *("?", "-", "--", ".", "-1"),
)
#: The name under which a candidate of the published file is attached while it is checked.
CANDIDATE = "checked_candidate"

_ENVIRONMENT = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - SQL, not HTML


@dataclass(frozen=True)
class QueryContext:
    """What the queries of one run's checks are made from.

    Attributes:
        workspace: of the run.
        as_of: the day described.
        run_id: of the run.
        load_ids: the loads that the run sees.
        load_numbers: their numbers, by source.
        files: new files and what they are compared with, by source.
        previous_as_of: the day of the publication before; None where there is none.
        end: the first moment that checks on history do not look at (`SeriesMaker.end`).
        counted: what loads hold, as far as it has been counted (`load_counts.py`).
    """

    workspace: Workspace
    as_of: dt.date
    run_id: str
    load_ids: tuple[str, ...]
    load_numbers: dict[str, list[int]] = field(default_factory=dict)
    files: dict[str, list[FileHistory]] = field(default_factory=dict)
    previous_as_of: dt.date | None = None
    end: dt.date = dt.date.max
    counted: Kept = frozenset()

    @classmethod
    def of_run(cls, run: Run) -> QueryContext:
        """The context of a run that has its id."""
        loads = run.visible_loads()
        numbers: dict[str, list[int]] = {}
        for _, number, source, _ in loads:
            numbers.setdefault(source, []).append(number)
        loaded_at = newest_loaded_at(run)
        is_day_over = loaded_at is None or run.workspace.calendar.shows(loaded_at).date() != run.as_of
        return cls(
            run.workspace,
            run.as_of,
            run.run_id,
            tuple(load_id for load_id, *_ in loads),
            numbers,
            file_histories(run),
            run.previous.as_of if run.previous else None,
            run.as_of + dt.timedelta(days=is_day_over),
        )

    def with_counts(self, run: Run, suites: Iterable[Suite]) -> QueryContext:
        """The same with what the checks on history of some suites ask of loads, counted now where it was not before."""
        asked = [one for suite in suites for check in suite.checks for one in self._asked(suite.table, check)]
        return replace(self, counted=keep(run.warehouse, asked))

    def _asked(self, table: str, check: Check) -> Iterator[Asked]:
        """What a check asks of loads."""
        entity, kwargs = table.partition(".")[2], check.expectation.kwargs
        match check.expectation.type:
            case drift.RECENT_DAYS:
                yield from self._series.counts_of_days(entity, kwargs)
            case drift.NEW_FILES:
                yield from self._series.counts_of_files(entity, kwargs)
            case vocabulary.NO_LOSS:
                yield from self._series.counts_of_days(entity, {**kwargs, "aspect": "mix"})

    def rows(self, table: str) -> str:
        """A relation of the rows that the run is judged by, to stand after FROM.

        Of `ops.load` the loads that the run sees, of tables kept by run its own rows, of `published` the candidate's,
        of customers the newest versions of their files, of any other table all rows.
        """
        schema, name = vocabulary.schema_and_name(table)
        if table == "ops.load":
            return f"(SELECT * FROM ops.load WHERE load_id IN ({_listed(self.load_ids)}))"
        if schema in KEPT_BY_RUN:
            return f"(SELECT * FROM {schema}.{identifier(name)} WHERE run_id = {literal(self.run_id)})"
        if table == f"raw.{RECORDS}" and self.load_numbers:
            # Records that a later version of their file replaced were judged when they came.
            numbers = ", ".join(str(number) for listed in self.load_numbers.values() for number in listed)
            return f"(SELECT * FROM {table} WHERE load_no IN ({numbers}))"
        if schema == "published":
            return f"{CANDIDATE}.main.{identifier(name)}"
        return f"{schema}.{identifier(name)}"

    def released(self, entity: str) -> str:
        """The rows of an entity that somebody let in although they break a hard rule, to stand after FROM."""
        loads = _listed(self.load_ids)
        return (
            f"(SELECT * FROM raw.{identifier(entity)} SEMI JOIN (SELECT load.source_name, load_no, row_number"
            " FROM ops.quarantine JOIN ops.load AS load USING (load_id)"
            f" WHERE status_name = 'released' AND closed_by_load_id IN ({loads}))"
            " USING (source_name, load_no, row_number))"
        )

    def query(self, table: str, check: Check) -> str | None:
        """The SELECT whose rows are wrong, or whose series is judged; None where the check is Great Expectations' own.

        Raises:
            WorkspaceError: the query's template uses a name that there is not, or cannot be read.
        """
        is_ours = vocabulary.VOCABULARY[check.expectation.type].is_ours
        return self._query_of_ours(table, check) if is_ours else None

    def _query_of_ours(self, table: str, check: Check) -> str:
        expectation = check.expectation
        kwargs, relation = expectation.kwargs, self.rows(table)
        match expectation.type:
            case vocabulary.NO_ROWS:
                return self._rendered(relation, check, "query")
            case vocabulary.UNIQUE_KEY:
                return row_queries.key_query(relation, kwargs["columns"])
            case vocabulary.KNOWN:
                among = self.rows(kwargs["among"])
                return row_queries.known_query(relation, kwargs["column"], among, kwargs.get("key", kwargs["column"]))
            case vocabulary.PATTERN:
                return row_queries.pattern_query(relation, kwargs["column"], kwargs["pattern"])
            case drift.ROW_COUNT:
                since = self._rendered(relation, check, "since") if "since" in kwargs else None
                per = (kwargs["per"], self.run_id) if "per" in kwargs else None
                return row_count_query(
                    relation, table, self.as_of, kwargs["limit"], since=since, per=per, of=kwargs.get("of")
                )
        return self._history_query(table, expectation.type, relation, kwargs)

    def _history_query(self, table: str, name: str, relation: str, kwargs: dict[str, Any]) -> str:
        """The query of an expectation on the rows of an entity by day or file."""
        entity = table.partition(".")[2]
        moment = ENTITIES[entity].event_time if entity in ENTITIES else None
        match name:
            case vocabulary.RECENT:
                return row_queries.recent_query(relation, moment or "", self.end, ENTITIES[entity].occasion)
            case vocabulary.NO_GAP:
                since = self.previous_as_of + dt.timedelta(days=1) if self.previous_as_of else None
                return row_queries.missing_day_query(relation, moment or "", self.end, since)
            case vocabulary.NO_LOSS:
                return row_queries.missing_value_query(
                    self._series.occasions(entity, kwargs), self._series.silences(entity, kwargs)
                )
            case drift.RECENT_DAYS:
                return self._series.days(entity, kwargs)
            case drift.NEW_FILES:
                return self._series.new_files(entity, kwargs)
        message = f"{name} is one of ours by VOCABULARY: write its query as a case of `_query_of_ours`"
        raise NotImplementedError(message)

    def arguments(self, table: str, check: Check) -> dict[str, Any]:
        """What an expectation on history is told beside its query; nothing for any other."""
        expectation = check.expectation
        if expectation.type not in vocabulary.HISTORY:
            return {}
        entity = table.partition(".")[2]
        told: dict[str, Any] = {"shows_values": not _has_contacts(entity) or "by" in expectation.kwargs}
        told["is_spelling"] = expectation.kwargs.get("by") == "shape"
        if expectation.type == drift.NEW_FILES:
            told["files"] = self._series.files_of(entity, expectation.kwargs)
        elif self.previous_as_of:
            told["published_day"] = (self.end - dt.timedelta(days=1) - self.previous_as_of).days
        return told

    @cached_property
    def _series(self) -> SeriesMaker:
        return SeriesMaker(self.workspace, self.load_numbers, self.files, self.end, self.counted)

    def _rendered(self, relation: str, check: Check, key: str) -> str:
        names = {"batch": relation, **self._names}
        try:
            return _template(check.expectation.kwargs[key]).render(names).strip().rstrip(";")
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            raise WorkspaceError(
                f"cannot render the query: {error}", where=check.where, hint=f"queries may use {', '.join(names)}"
            ) from error

    def _predicted(self, *, is_amount: bool) -> list[str]:
        """The features that are predictions of chances, or of amounts."""
        predictions = self.workspace.predictions.items()
        return [one.feature_name(key) for key, one in predictions if one.is_amount == is_amount]

    @cached_property
    def _names(self) -> dict[str, object]:
        segmentations = self.workspace.segmentations.items()
        return {
            "rows": self.rows,
            "released": self.released,
            "as_of": literal(self.as_of),
            "as_of_end": literal(dt.datetime.combine(self.as_of + dt.timedelta(days=1), dt.time())),
            "run_id": literal(self.run_id),
            **self.workspace.features.template_names(),
            "text": literal,
            "predicted_shares": self._predicted(is_amount=False),
            "predicted_amounts": self._predicted(is_amount=True),
            "min_group_size": self.workspace.privacy.min_group_size,
            "max_quarantined_share": repr(self.workspace.quality.max_quarantined_share),
            "previous_as_of": literal(self.previous_as_of),
            "max_ages": _max_ages(self.workspace),
            "new_loads": ", ".join(str(file.load_no) for files in self.files.values() for file in files) or "NULL",
            "placeholders": _listed(PLACEHOLDERS),
            "control_tolerance": repr(self.workspace.quality.control_tolerance),
            # Where a customer may be in several segments, and where everyone must be in one.
            "multiple": _listed(name for name, kind in segmentations if kind.is_multiple),
            "complete": _listed(name for name, kind in segmentations if kind.is_complete),
            "may_be_empty": _listed(
                f"{name}.{key}" for name, kind in segmentations for key in sorted(kind.may_be_empty)
            ),
        }


@lru_cache(maxsize=1024)
def _template(text: str) -> jinja2.Template:
    """Read once in a process: a suite is gone through by validation and by each run."""
    return _ENVIRONMENT.from_string(text)


def _listed(values: Iterable[str]) -> str:
    """What stands between the brackets of IN or NOT IN; no id is empty, so of no values it is the empty text."""
    return ", ".join(literal(value) for value in values) or "''"


def _max_ages(workspace: Workspace) -> str:
    """Rows for VALUES of (source, most days that its newest row may be old), of the sources that say so."""
    said = [
        (name, source.max_age_days) for name, source in workspace.sources.items() if source.max_age_days is not None
    ]
    return ", ".join(f"({literal(name)}, {days})" for name, days in said) or "(NULL, NULL)"


def _has_contacts(entity: str) -> bool:
    """Whether rows of an entity hold contact data."""
    return entity in ENTITIES and not CONTACT_COLUMNS.isdisjoint(ENTITIES[entity].column_names)
