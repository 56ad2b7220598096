"""Measuring the steps of a run: every task of a room that works for a run is one.

Owns: that measuring. Does not own what is kept of a step (`step_ledger.py`).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from tasks.warehouse import ledger
from tasks.warehouse.memory import peak_memory
from tasks.warehouse.run import Run
from tasks.warehouse.step_ledger import Step
from tasks.warehouse.touched import Touched

_P = ParamSpec("_P")
_T = TypeVar("_T")


def recorded(task: Callable[Concatenate[Run, _P], _T]) -> Callable[Concatenate[Run, _P], _T]:
    """Measure a task of a run, and keep what it took with the run.

    A text among its arguments says what it was done for. What is kept is no part of the run's results.
    """
    name = task.__name__.replace("_", " ")

    @functools.wraps(task)
    def measured(run: Run, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        subject = next((one for one in args if isinstance(one, str)), "")
        touched, before = Touched(), run.warehouse.observer
        started_at, start, processor_start = ledger.utc_now(), time.perf_counter(), time.process_time()
        failure: BaseException | None = None
        run.warehouse.observer = touched.note
        run.note(level="info", event="step started", step=name, subject=subject)
        try:
            with peak_memory() as peak:
                return task(run, *args, **kwargs)
        except BaseException as error:
            failure = error
            raise
        finally:
            run.warehouse.observer = before
            step = Step(
                name,
                subject,
                started_at,
                round(time.perf_counter() - start, 3),
                round(time.process_time() - processor_start, 3),
                peak.bytes,
                tuple(sorted(touched.read)),
                tuple(sorted(touched.written.items())),
                None if failure is None else ledger.told(failure),
            )
            run.steps.append(step)
            run.note(
                level="info" if failure is None else "error",
                event="step ended",
                step=name,
                subject=subject,
                seconds=step.seconds,
                processor_seconds=step.processor_seconds,
                peak_bytes=step.peak_bytes,
                rows=step.rows,
                error=step.error,
            )

    return measured
