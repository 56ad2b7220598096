"""Real receivers on this machine: a webhook and a mail server that keep what they get."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message as EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import Envelope


class Webhook:
    """Keeps the bodies that are posted to it; answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[dict[str, Any]] = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if sink.status < 300:
                    sink.got.append(json.loads(body))
                self.send_response(sink.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self._server.server_port}/hook"

    @contextmanager
    def serving(self) -> Iterator[Webhook]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


class _Keeping(Message):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[EmailMessage] = []

    def handle_message(self, message: EmailMessage) -> None:
        self.got.append(message)

    async def handle_RCPT(  # noqa: N802 - called so by aiosmtpd
        self, _server: object, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        if address.startswith("gone"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@contextmanager
def mail_server(port: int) -> Iterator[list[EmailMessage]]:
    """A mail server that knows no passwords and has no mailbox `gone…`; yields the messages it got."""
    keeping = _Keeping()
    controller = Controller(keeping, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield keeping.got
    finally:
        controller.stop()
