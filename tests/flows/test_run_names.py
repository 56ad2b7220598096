"""What runs of flows are called on a server."""

import datetime as dt

from prefect import flow, runtime

from flows.embedded import embedded_prefect
from flows.run_names import of_a_date


@flow(flow_run_name=of_a_date("look at"), persist_result=False)
def named(workspace: str = ".", as_of: dt.date | None = None) -> str:  # noqa: ARG001 - what it is called by
    """Tells what this run is called."""
    return str(runtime.flow_run.name)


def test_a_run_is_called_by_its_date_where_it_has_one() -> None:
    with embedded_prefect():
        assert named("shop", as_of=dt.date(2025, 6, 30)) == "look at shop 2025-06-30"
        assert named("shop") == "look at shop"
