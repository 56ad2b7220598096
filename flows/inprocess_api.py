"""The part of the Prefect API that the engine calls, answered inside this process.

Prefect 3 runs flows and tasks, their states, retries, hooks and transactions on the client side; what it asks a server
for is to create a flow run and to accept its states. Here a transport gives those answers from memory, so the real
engine runs with no server, no socket and no file.

Owns: the answers, and the clients that ask them. Does not own: settings and their lifetime (`flows/embedded.py`), the
record of a run (`ops.*` in the warehouse). A request outside the list raises, naming what it needs; it is never
answered by guessing.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpx
from prefect.client.orchestration import PrefectClient, SyncPrefectClient
from prefect.client.schemas import FlowRun, OrchestrationResult, State, TaskRun
from prefect.client.schemas.objects import Artifact, Flow
from prefect.client.schemas.responses import (
    SetStateStatus,
    StateAcceptDetails,
    StateRejectDetails,
    StateWaitDetails,
)
from prefect.context import AsyncClientContext, ContextModel, SyncClientContext
from prefect.states import AwaitingRetry

from tasks.config.errors import ResegmentError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from pydantic import BaseModel

# Never resolved or connected to: every request goes to the transport.
BASE_URL = "http://in-process.invalid/api"
# What a server answers that has nothing of the kind: an earlier run of a subflow to take up again, a block for results.
EMPTY = {"POST flow_runs/filter": [], "GET admin/storage": {"default_result_storage_block_id": None}}


class PrefectServerNeeded(ResegmentError):  # noqa: N818 - names what is missing, as its siblings do
    """A flow used a part of Prefect that only a server has (blocks, variables, deployments, pausing)."""


class InProcessApi(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """An HTTP transport that is its own server: flow runs live in memory for as long as this object does."""

    def __init__(self) -> None:
        """Start with no runs."""
        self._flow_runs: dict[str, dict[str, Any]] = {}
        # Tasks submitted to a thread pool may ask at the same time.
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a sync client.

        Raises:
            PrefectServerNeeded: the request is outside what is answered here.
        """
        body = json.loads(request.read() or b"{}")
        with self._lock:
            return httpx.Response(200, json=self._answer(request.method, request.url.path, body))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer an async client; nothing here waits, so the event loop is not held up."""
        await request.aread()
        return self.handle_request(request)

    def _answer(self, method: str, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401, PLR0911 - JSON, one a route
        path = path.removeprefix("/api").strip("/")
        if f"{method} {path}" in EMPTY:
            return EMPTY[f"{method} {path}"]
        match (method, *path.split("/")):
            case ("POST", "flows"):
                return _filled(Flow, {**body, "id": str(uuid5(NAMESPACE_URL, body["name"]))})
            case ("POST", "flow_runs"):
                return self._create_flow_run(body)
            case ("GET", "flow_runs", run_id):
                return self._flow_runs[run_id]
            case ("PATCH", "flow_runs", run_id):
                self._flow_runs[run_id] |= body
                return None
            case ("POST", "flow_runs", run_id, "set_state"):
                proposed: State[Any] = State.model_validate(body["state"])
                return propose(self._flow_runs[run_id], proposed, force=body["force"]).model_dump(mode="json")
            case ("POST", "task_runs"):
                # The stand-in a parent flow keeps for a subflow; ordinary task runs never reach the API.
                return _filled(TaskRun, body)
            case ("POST", "artifacts"):
                return _filled(Artifact, {**body, "id": str(uuid4())})
            case ("POST", "v2", "concurrency_limits", "increment-with-lease"):
                # As a server answers for a name that has no limit, which is every tag here.
                return {"lease_id": str(uuid4()), "limits": []}
        message = f"this flow asked Prefect for `{method} /{path}`, which only a Prefect server answers"
        raise PrefectServerNeeded(message, hint="set PREFECT_API_URL to a Prefect server")

    def _create_flow_run(self, body: dict[str, Any]) -> dict[str, Any]:
        state: State[Any] = State.model_validate(body.pop("state"))
        run = _filled(FlowRun, body)
        run["expected_start_time"] = run["created"] = state.model_dump(mode="json")["timestamp"]
        _enter(run, state)
        self._flow_runs[run["id"]] = run
        return run


def _filled(model: type[BaseModel], body: dict[str, Any]) -> dict[str, Any]:
    """`body` with the defaults of the Prefect schema it is an instance of."""
    return model.model_validate(body).model_dump(mode="json")


def propose(run: dict[str, Any], proposed: State[Any], *, force: bool) -> OrchestrationResult[Any]:
    """Let a flow run enter a state, or answer as a server would when it should retry or wait.

    The two rules are those of `RetryFailedFlows` and `WaitForScheduledTime` in
    `prefect/server/orchestration/core_policy.py` (3.8); the others concern pausing, cancelling from outside,
    deployments and limits, none of which exist without a server.

    Args:
        run: the flow run as JSON; changed in place when the state is accepted or replaced by a retry.
        proposed: the state the engine wants to enter.
        force: accept without asking the rules.
    """
    current, policy = run["state"], run["empirical_policy"]
    may_retry = current["type"] == "RUNNING" and run["run_count"] <= (policy["retries"] or 0)
    if not force and may_retry and proposed.is_failed():
        delay = timedelta(seconds=policy["retry_delay"] or 0)
        retry: State[Any] = AwaitingRetry(scheduled_time=datetime.now(UTC) + delay, message=proposed.message)
        _enter(run, retry)
        rejected = StateRejectDetails(reason="Retrying")
        return OrchestrationResult(state=retry, status=SetStateStatus.REJECT, details=rejected)
    scheduled = current["state_details"]["scheduled_time"]
    if not force and proposed.is_running() and scheduled:
        wait = round((datetime.fromisoformat(scheduled) - datetime.now(UTC)).total_seconds())
        if wait > 0:
            later = StateWaitDetails(delay_seconds=wait, reason="Scheduled time is in the future")
            return OrchestrationResult(state=None, status=SetStateStatus.WAIT, details=later)
    _enter(run, proposed)
    return OrchestrationResult(state=proposed, status=SetStateStatus.ACCEPT, details=StateAcceptDetails())


def _enter(run: dict[str, Any], state: State[Any]) -> None:
    state.state_details.flow_run_id = UUID(run["id"])
    entered = state.model_dump(mode="json")
    run |= {"state": entered, "state_id": entered["id"], "state_type": entered["type"], "state_name": entered["name"]}
    if state.is_running():
        run["run_count"] += 1
        run["start_time"] = run["start_time"] or entered["timestamp"]
    run["end_time"] = entered["timestamp"] if state.is_final() else None


class _AsyncClient(PrefectClient):
    """A client that any event loop may use at any time, for it holds no connection."""

    @property  # type: ignore[override]  # Prefect declares it as None and assigns a loop
    def _loop(self) -> AbstractEventLoop | None:
        # `get_client` hands a client only to the loop it was opened on.
        try:
            return asyncio.get_running_loop()
        except RuntimeError:
            return None

    @_loop.setter
    def _loop(self, loop: AbstractEventLoop | None) -> None:
        """Forget the loop: there is nothing to bind."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Stay open: the next user is another event loop of the same run."""


class SyncClients(SyncClientContext):
    """Makes `get_client(sync_client=True)` and the engine use the API given, within the context."""

    def __init__(self, api: InProcessApi) -> None:
        """Build the client; entering the context opens it."""
        ContextModel.__init__(self, client=SyncPrefectClient(BASE_URL, httpx_settings=_httpx_settings(api)))


class AsyncClients(AsyncClientContext):
    """Makes `get_client()` use the API given, within the context (subflows, concurrency limits, async flows)."""

    def __init__(self, api: InProcessApi) -> None:
        """Build the client."""
        ContextModel.__init__(self, client=_AsyncClient(BASE_URL, httpx_settings=_httpx_settings(api)))


def _httpx_settings(api: InProcessApi) -> dict[str, Any]:
    return {
        "transport": api,
        # Otherwise Prefect reads the whole certificate store, for a connection that is never made.
        "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    }
