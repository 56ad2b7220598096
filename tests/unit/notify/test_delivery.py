"""Messages reach a real webhook and a real mail server; what is not taken is said without the address's secrets."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tasks.config.alerts import Target
from tasks.notify.delivery import send
from tests.unit.notify.sinks import Webhook, mail_server


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook().serving() as sink:
        yield sink


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_webhook_gets_title_body_and_severity(webhook: Webhook) -> None:
    problem = send(
        Target(url=webhook.url),
        title="shop: 1 critical",
        body="what <b>happened</b>\nand what to do",
        severity="critical",
    )
    assert problem is None
    (got,) = webhook.got
    assert (got["title"], got["type"]) == ("shop: 1 critical", "failure")
    assert got["message"] == "what <b>happened</b>\nand what to do"


def _mail_url(port: int, to: str, login: str = "") -> str:
    return f"mailto://{login}127.0.0.1:{port}?mode=insecure&smtp=127.0.0.1&from=resegment@example.org&to={to}"


def test_mail_arrives_as_it_was_written() -> None:
    port = _free_port()
    with mail_server(port) as got:
        url = _mail_url(port, "team@example.org")
        assert send(Target(url=url), title="shop: 1 warning", body="a < b & c\nsecond line", severity="warning") is None
    (message,) = got
    assert message.get_content_type() == "text/plain"
    assert message["Subject"] == "shop: 1 warning"
    assert message["To"].endswith("team@example.org")
    texts = [part.get_payload(decode=True).decode() for part in message.walk() if not part.is_multipart()]
    assert any("a < b & c\nsecond line" in text.replace("\r\n", "\n") for text in texts)


def test_what_is_not_taken_is_said_without_the_password(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook.status = 500
    monkeypatch.setenv("HOOK", webhook.url.replace("json://", "json://user:geheim@"))
    problem = send(Target(url_env="HOOK"), title="t", body="b", severity="warning")
    assert problem is not None
    assert "500" in problem
    assert "geheim" not in problem


@pytest.mark.parametrize(
    ("login", "to", "said"),
    [
        ("bot:geheim@", "team@example.org", "AUTH extension not supported"),
        ("", "gone@example.org", "550"),
        ("nobody listens", "team@example.org", "Connection refused"),
    ],
)
def test_of_a_mail_that_is_not_taken_the_cause_is_told(
    login: str, to: str, said: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    port = _free_port()
    with mail_server(port) as got:
        url = _mail_url(_free_port(), to) if login == "nobody listens" else _mail_url(port, to, login)
        problem = str(send(Target(url=url), title="t", body="b", severity="warning"))
    assert said in problem
    assert "geheim" not in problem
    assert got == []
    # Apprise's own words are for no console or log.
    assert (capfd.readouterr().err, caplog.text) == ("", "")


def test_a_target_is_one_recipient() -> None:
    """Where one of two refuses, a message stays in the outbox, and the other would get it with each try."""
    port = _free_port()
    with mail_server(port) as got:
        url = _mail_url(port, "team@example.org,gone@example.org")
        problem = str(send(Target(url=url), title="t", body="b", severity="warning"))
    assert "mailto://… reaches 2 recipients" in problem
    assert got == []


def test_nobody_listens() -> None:
    problem = send(Target(url=f"json://127.0.0.1:{_free_port()}/x"), title="t", body="b", severity="warning")
    assert problem is not None
    assert "JSON" in problem


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (Target(url_env="NO_SUCH_HOOK"), "the environment variable NO_SUCH_HOOK is not set"),
        (Target(url="nosuch://x"), "nosuch://… is not a URL that Apprise knows"),
    ],
)
def test_addresses_that_are_none(target: Target, said: str) -> None:
    assert said in str(send(target, title="t", body="b", severity="warning"))


def test_a_secret_that_is_no_url_is_not_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("HOOK", "geheim")
    problem = send(Target(url_env="HOOK"), title="t", body="b", severity="warning")
    assert problem == "what HOOK holds is not a URL that Apprise knows, such as slack://… or json://host/path"
    monkeypatch.setenv("HOOK", "slak://geheim/token")
    assert "geheim" not in str(send(Target(url_env="HOOK"), title="t", body="b", severity="warning"))
    assert "geheim" not in caplog.text
