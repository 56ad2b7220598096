"""Sending a message through Apprise.

Owns: the one place that knows Apprise, and that no URL's secret is told. Does not own what is sent when (`outbox.py`).
"""

from __future__ import annotations

import logging

import apprise

from tasks.config.alerts import Target

_TYPES = {"critical": apprise.NotifyType.FAILURE, "warning": apprise.NotifyType.WARNING}


def send(target: Target, *, title: str, body: str, severity: str) -> str | None:
    """Send a message; returns None, or why it was not taken, without the address's secrets.

    Args:
        target: where to.
        title: one line.
        body: plain text.
        severity: critical or warning.
    """
    address = target.address()
    if address is None:
        return f"the environment variable {target.url_env} is not set"
    service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if service is None:
        return f"{_named(target)} is not a URL that Apprise knows, such as slack://… or json://host/path"
    sender = apprise.Apprise()
    sender.add(service)
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as captured:  # type: ignore[no-untyped-call]
        is_sent = sender.notify(body=body, title=title, notify_type=_TYPES[severity], body_format="text")
        said = " ".join(captured.getvalue().split())
    if is_sent:
        return None
    return said.replace(address, "the URL") or f"{service.service_name} did not take it"


def _named(target: Target) -> str:
    return f"what {target.url_env} holds" if target.url_env else f"{(target.url or '').partition('://')[0]}://…"
