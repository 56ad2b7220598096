"""Sending a message through Apprise.

Owns: the one place that knows Apprise, and that no URL's secret is told. Does not own what is sent when (`outbox.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import apprise

from tasks.config.alerts import Target

_TYPES = {"critical": apprise.NotifyType.FAILURE, "warning": apprise.NotifyType.WARNING}
_LOGGER = logging.getLogger("apprise")
#: How Apprise says, to those who debug it, why a mail was not taken.
_CAUSE = "Socket Exception: "


class _Listening(logging.Handler):
    """Keeps the records that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.heard.append(record)


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
    with _listened_to() as heard:
        service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
        if service is None:
            return f"{_named(target)} is not a URL that Apprise knows, such as slack://… or json://host/path"
        if len(service) > 1:
            return (
                f"{_named(target)} reaches {len(service)} recipients, and where one refuses, the others would get the"
                " message again and again: write a target for each"
            )
        if service.notify_format == apprise.NotifyFormat.HTML:
            # Made HTML of, each blank would be one at which no line ends.
            service.notify_format = apprise.NotifyFormat.TEXT
        sender = apprise.Apprise()
        sender.add(service)
        if sender.notify(body=body, title=title, notify_type=_TYPES[severity], body_format="text"):
            return None
    said = " ".join(_said(heard, is_mail=service.protocol == "mailto").split())
    return said.replace(address, "the URL") or f"{service.service_name} did not take it"


@contextmanager
def _listened_to() -> Iterator[list[logging.LogRecord]]:
    """What Apprise logs meanwhile, which goes nowhere else: it names addresses with their secrets."""
    handler = _Listening()
    level, propagates = _LOGGER.level, _LOGGER.propagate
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(logging.DEBUG)
    _LOGGER.propagate = False
    try:
        yield handler.heard
    finally:
        _LOGGER.propagate = propagates
        _LOGGER.setLevel(level)
        _LOGGER.removeHandler(handler)


def _said(heard: list[logging.LogRecord], *, is_mail: bool) -> str:
    """Warnings, and of mail their causes, which are the server's words; those of the web have the address in them."""
    warnings = [one.getMessage() for one in heard if one.levelno >= logging.WARNING]
    messages = (one.getMessage() for one in heard if is_mail and one.levelno < logging.WARNING)
    causes = [message.removeprefix(_CAUSE) for message in messages if message.startswith(_CAUSE)]
    return " ".join([*warnings, *(f"({cause})" for cause in causes)])


def _named(target: Target) -> str:
    return f"what {target.url_env} holds" if target.url_env else f"{(target.url or '').partition('://')[0]}://…"
