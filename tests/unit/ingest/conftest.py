"""What several tests of the ingest room stand on."""

from __future__ import annotations

import pytest

from tests.postgres_server import Server
from tests.unit.ingest.made_database import make_table


@pytest.fixture
def database(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("CRM_URL", postgres.url)
    make_table(postgres)
    return postgres
