"""Runs the flows with Prefect's engine inside this process: no server, no socket, nothing left behind.

Owns: the environment and the settings of an embedded run, and the choice between it and a real Prefect API. Does not
own: the answers the engine gets (`flows/inprocess_api.py`), the command line, any flow.

Use, in this order, for Prefect reads its environment when it is first imported::

    prepare_environment()
    from flows.refresh import refresh

    with embedded_prefect():
        refresh(...)

This module imports Prefect only when a context is entered. Why it is done this way, with figures:
`docs/decisions/0001-embedded-prefect.md`.
"""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator


def prepare_environment() -> None:
    """Set what Prefect reads at import; call it before the first import of `prefect` or of a flow.

    A value the user has set is never changed. With `PREFECT_API_URL` or `PREFECT_PROFILE` set, Prefect keeps its own
    home and profiles, and only the two analytics switches are set.
    """
    # No egress: the first is read by the client (it would also greet a user on a terminal), the second by a server.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    if os.environ.get("PREFECT_API_URL") or os.environ.get("PREFECT_PROFILE"):
        return
    # Importing Prefect creates its home and reads profiles from it. A folder that exists and holds none of its files
    # keeps it out of ~/.prefect and makes it write nothing; `embedded_prefect` sets the home that results would go to.
    os.environ.setdefault("PREFECT_HOME", str(Path(__file__).parent))


def has_prefect_api() -> bool:
    """Whether Prefect has an API of its own: from its settings, or because a flow run is under way in this context."""
    from prefect.context import FlowRunContext
    from prefect.settings import get_current_settings

    return bool(get_current_settings().api.url) or FlowRunContext.get() is not None


def ask_server() -> None:
    """Ask Prefect's server whether it is there, where one is named.

    Raises:
        ServerError: it does not answer.
    """
    from prefect.client.orchestration import get_client
    from prefect.settings import get_current_settings

    from tasks.config.errors import ServerError

    url = get_current_settings().api.url
    if not url:
        return
    with get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
    if problem is not None:
        raise ServerError(
            f"the Prefect server at {urlsplit(url).netloc.rpartition('@')[2]} cannot be reached: {problem}",
            hint="start it, or correct PREFECT_API_URL; `resegment run` needs none: unset the variable",
        )


@contextmanager
def embedded_prefect(home: Path | None = None) -> Iterator[None]:
    """Let flows called in this context run without a Prefect server; do nothing where there is one.

    The real engine runs: states, retries of tasks and of flows, hooks, subflows, task runners. Nothing is recorded by
    Prefect (the ledger is `ops.*`), no event is sent, no concurrency limit holds, and its log lines are not shown
    unless the user sets `PREFECT_LOGGING_LEVEL`. Exceptions of a flow pass through unchanged. May be entered again.

    Args:
        home: where Prefect writes a result that a task persists, and the exception of a flow that fails; created when
            something is written, and kept. Default: a temporary folder of this run, removed when the context ends.

    Raises:
        ServerError: there is to be a server, and it does not answer.
        PrefectServerNeeded: from the flow call, when a flow uses what only a server has.
    """
    if has_prefect_api():
        ask_server()
        yield
        return

    from prefect.settings import temporary_settings

    from flows.inprocess_api import AsyncClients, InProcessApi, SyncClients

    with ExitStack() as stack:
        if home is None:
            # Only named here: Prefect makes it when it writes, so that a killed run, too, leaves nothing.
            home = Path(gettempdir(), f"resegment-prefect-{uuid4().hex}")
            stack.callback(shutil.rmtree, home, ignore_errors=True)
        stack.enter_context(temporary_settings(updates=_settings(home)))
        api = InProcessApi()
        stack.enter_context(SyncClients(api))
        stack.enter_context(AsyncClients(api))
        if "PREFECT_LOGGING_LEVEL" not in os.environ:
            stack.enter_context(_silenced("prefect"))
        try:
            yield
        except Exception as error:
            _raise_signal_behind(error)
            raise


def _settings(home: Path) -> dict[str, object]:
    """Prefect's settings for a flow without a server."""
    return {
        "home": home,
        "results.local_storage_path": home / "storage",
        # With a key and no URL Prefect emits no events; without a key it starts a server to send them to.
        "api.url": None,
        "api.key": "none: in-process",
        "server.ephemeral.enabled": False,
        # Each flow run waits up to a second for its heartbeat thread.
        "flows.heartbeat_frequency": None,
        "logging.to_api.enabled": False,
        # Two requests that ask the server about itself.
        "client.csrf_support_enabled": False,
        "client.server_version_check_enabled": False,
    }


def _raise_signal_behind(error: BaseException) -> None:
    """Raise the Ctrl-C or SIGTERM that `error` came of, if it did.

    A signal that arrives while the engine is setting up a task run makes the engine itself fail
    ("Task run is not set"), which would hide what the user did.
    """
    from prefect.exceptions import TerminationSignal

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        if isinstance(cause, TerminationSignal):
            raise SystemExit(128 + cause.signal) from error
        cause = cause.__context__


@contextmanager
def _silenced(name: str) -> Iterator[None]:
    """Hold the loggers at and below `name` silent; the errors they would print reach the caller as exceptions."""
    below = [other for other in logging.root.manager.loggerDict if other.startswith(f"{name}.")]
    # A logger without a level of its own follows its parent, and must again afterwards.
    levels = {logger: logger.level for logger in map(logging.getLogger, [name, *below]) if logger.level}
    for logger in levels:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
