"""OpenLineage events of a run: itself, and each of its steps.

Owns: which of them there are and what they say. Does not own where they go (`lineage.py`), or the measuring of steps
(`tasks/warehouse/steps.py`). Written for the specification 2-0-2 of OpenLineage.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    data_quality_assertions_dataset,
    error_message_run,
    job_type_job,
    nominal_time_run,
    output_statistics_output_dataset,
    parent_run,
    schema_dataset,
)
from openlineage.client.generated.base import JobFacet, OutputDatasetFacet, RunFacet

from tasks.warehouse.step_ledger import Step

PRODUCER = "https://github.com/resegment/resegment"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check on a table."""

    table: str
    expectation: str
    column: str | None
    is_success: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """What was loaded, by the names that OpenLineage has for it: a file, or a table of a database."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Published:
    """A published table: its columns with their types, and its rows."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: int


@dataclass(frozen=True)
class Story:
    """What is told of one run.

    Attributes:
        namespace: of the jobs.
        workspace: its name begins those of the jobs.
        job: what the run was for, such as `refresh`.
        attempt_id: of the run, 32 hexadecimal digits.
        as_of: the day described.
        warehouse: the file of the warehouse.
        published: the file that readers have.
    """

    namespace: str
    workspace: str
    job: str
    attempt_id: str
    as_of: dt.date
    warehouse: Path
    published: Path

    def start(self, at: dt.datetime) -> RunEvent:
        """The run has begun."""
        return self._event(RunState.START, at, self._run(), self._job())

    def end(
        self,
        at: dt.datetime,
        *,
        error: str | None,
        is_aborted: bool = False,
        files: Iterable[Origin] = (),
        published: Iterable[Published] = (),
    ) -> RunEvent:
        """The run is over: with the files and tables that it loaded and those that it published, or its error."""
        state = RunState.COMPLETE if error is None else RunState.ABORT if is_aborted else RunState.FAIL
        outputs = [self._published(table) for table in published]
        return self._event(state, at, self._run(error), self._job(), _files(files), outputs)

    def steps(
        self, steps: Sequence[Step], files: dict[str, list[Origin]], checks: Sequence[Check]
    ) -> Iterator[RunEvent]:
        """Two events for each step: that it began, and how it ended.

        Args:
            steps: of the run, in their order.
            files: by source, those that were loaded.
            checks: of all doors.
        """
        for number, step in enumerate(steps, 1):
            job = self._job(step.title)
            run = self._run(step.error, str(uuid.uuid5(self._run_id, str(number))), is_step=True)
            inputs = [self._read(table, checks if step.name.startswith("check") else ()) for table in step.read]
            inputs += _files(files.get(step.subject, []) if step.name == "ingest source" else [])
            outputs = [self._written(table, rows) for table, rows in step.written]
            state = RunState.COMPLETE if step.error is None else RunState.FAIL
            ended = step.started_at + dt.timedelta(seconds=step.seconds)
            yield self._event(RunState.START, step.started_at, run, job)
            yield self._event(state, ended, run, job, inputs, outputs)

    @cached_property
    def _run_id(self) -> uuid.UUID:
        return uuid.UUID(hex=self.attempt_id)

    def _event(
        self,
        state: RunState,
        at: dt.datetime,
        run: Run,
        job: Job,
        inputs: list[InputDataset] | None = None,
        outputs: list[OutputDataset] | None = None,
    ) -> RunEvent:
        time = at.replace(tzinfo=dt.UTC).isoformat(timespec="milliseconds")
        return RunEvent(
            eventType=state,
            eventTime=time,
            run=run,
            job=job,
            producer=PRODUCER,
            inputs=inputs or [],
            outputs=outputs or [],
        )

    def _job(self, step: str | None = None) -> Job:
        name = f"{self.workspace}.{self.job}" + (f".{step.replace(' ', '_')}" if step else "")
        kind = job_type_job.JobTypeJobFacet("BATCH", "RESEGMENT", "TASK" if step else "FLOW")
        facets: dict[str, JobFacet] = {"jobType": kind}
        return Job(self.namespace, name, facets)

    def _run(self, error: str | None = None, run_id: str | None = None, *, is_step: bool = False) -> Run:
        day = dt.datetime.combine(self.as_of, dt.time(), dt.UTC)
        facets: dict[str, RunFacet] = {
            "nominalTime": nominal_time_run.NominalTimeRunFacet(
                day.isoformat(), (day + dt.timedelta(days=1)).isoformat()
            )
        }
        if is_step:
            facets["parent"] = parent_run.ParentRunFacet(
                parent_run.Run(str(self._run_id)), parent_run.Job(self.namespace, f"{self.workspace}.{self.job}")
            )
        if error is not None:
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(error, "python")
        return Run(run_id or str(self._run_id), facets)

    def _read(self, table: str, checks: Iterable[Check]) -> InputDataset:
        found = [
            data_quality_assertions_dataset.Assertion(check.expectation, check.is_success, check.column)
            for check in checks
            if check.table == table
        ]
        facet = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(found)
        return InputDataset(
            _database(self.warehouse), table, inputFacets={"dataQualityAssertions": facet} if found else {}
        )

    def _written(self, table: str, rows: int) -> OutputDataset:
        return OutputDataset(_database(self.warehouse), table, outputFacets=_rows(rows))

    def _published(self, table: Published) -> OutputDataset:
        fields = [schema_dataset.SchemaDatasetFacetFields(name, kind) for name, kind in table.columns]
        return OutputDataset(
            _database(self.published),
            f"main.{table.name}",
            facets={"schema": schema_dataset.SchemaDatasetFacet(fields)},
            outputFacets=_rows(table.rows),
        )


def _database(path: Path) -> str:
    return f"duckdb://{path.resolve()}"


def _rows(count: int) -> dict[str, OutputDatasetFacet]:
    return {"outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=count)}


def _files(origins: Iterable[Origin]) -> list[InputDataset]:
    return [InputDataset(one.namespace, one.name) for one in dict.fromkeys(origins)]
