"""What `alerts:` of a workspace may say: routes, targets, quiet times."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from tasks.config.alerts import AlertPolicy, QuietTime, Target


def policy(**said: object) -> AlertPolicy:
    return AlertPolicy.model_validate({"targets": {"chat": {"url": "json://h"}, "phone": {"url": "json://h"}}} | said)


def test_routes_by_severity_kind_and_owner() -> None:
    found = policy(
        routes=[
            {"targets": ["phone"], "severity": "critical"},
            {"targets": ["chat"], "kinds": ["drift"], "owners": ["crm"]},
        ]
    )
    assert found.targets_of("critical", "drift", "crm") == ["chat", "phone"]
    assert found.targets_of("warning", "drift", "crm") == ["chat"]
    assert found.targets_of("warning", "drift", "shop") == []
    assert found.targets_of("warning", "quality", "crm") == []
    assert policy().targets_of("warning", "quality", "x") == ["chat", "phone"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"targets": {"a": {}}}, "write either url or url_env"),
        ({"targets": {"a": {"url": "json://h", "url_env": "H"}}}, "write either url or url_env"),
        ({"routes": [{"targets": ["pager"]}]}, "there is no target 'pager'; there are chat, phone"),
        (
            {"quiet": [{"from": "18:00", "until": "07:00", "timezone": "Mars/Olympus"}]},
            "'Mars/Olympus' is no time zone",
        ),
        ({"quiet": [{"from": "18:00", "until": "18:00"}]}, "from 18:00 until 18:00 is no time"),
    ],
)
def test_what_cannot_be(said: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        policy(**said)


def test_an_address_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Target(url_env="HOOK").address() is None
    monkeypatch.setenv("HOOK", "json://h/secret")
    assert Target(url_env="HOOK").address() == "json://h/secret"


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        # Friday, half past eight in the evening of Berlin, until seven on Saturday.
        (dt.datetime(2025, 7, 4, 18, 30), dt.datetime(2025, 7, 5, 5)),
        (dt.datetime(2025, 7, 5, 4, 59), dt.datetime(2025, 7, 5, 5)),
        (dt.datetime(2025, 7, 5, 5), None),
        # A Saturday's evening is none of its days.
        (dt.datetime(2025, 7, 5, 20), None),
        # The clocks went back in the night of 26 October: seven is six in UTC, no longer five.
        (dt.datetime(2025, 10, 25, 20), None),
        (dt.datetime(2025, 10, 24, 20), dt.datetime(2025, 10, 25, 5)),
        (dt.datetime(2025, 10, 27, 20), dt.datetime(2025, 10, 28, 6)),
    ],
)
def test_quiet_times_over_midnight_and_daylight_saving(moment: dt.datetime, end: dt.datetime | None) -> None:
    quiet = QuietTime.model_validate(
        {"from": "20:00", "until": "07:00", "timezone": "Europe/Berlin", "days": ["mon", "tue", "wed", "thu", "fri"]}
    )
    assert quiet.end(moment) == end


def test_a_night_in_which_the_clocks_change() -> None:
    quiet = QuietTime.model_validate({"from": "20:00", "until": "07:00", "timezone": "Europe/Berlin"})
    assert quiet.end(dt.datetime(2025, 10, 25, 20)) == dt.datetime(2025, 10, 26, 6)
    assert quiet.end(dt.datetime(2025, 3, 29, 20)) == dt.datetime(2025, 3, 30, 5)
