"""How runs of flows for one date are called on a Prefect server.

Owns: their names. A run without a date describes the day that the workspace says, and is called by the workspace alone.
"""

from __future__ import annotations

from collections.abc import Callable


def of_a_date(what: str) -> Callable[[], str]:
    """What names a run of a flow that takes `workspace` and `as_of`."""

    def name() -> str:
        from prefect.runtime import flow_run

        given = flow_run.parameters
        return " ".join(str(part) for part in (what, given["workspace"], given["as_of"]) if part is not None)

    return name
