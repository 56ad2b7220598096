"""The audit cannot be read where there is none, and that is told."""

from __future__ import annotations

import datetime as dt

import pytest

from tasks.audit.told import read_audit
from tasks.config.errors import UsageError
from tasks.warehouse import ledger, migrations
from tasks.warehouse.connection import Warehouse
from tasks.warehouse.ledger import Publication


def test_before_any_publication_and_before_there_was_an_audit() -> None:
    with Warehouse.open(None) as warehouse:
        migrations.migrate(warehouse)
        with pytest.raises(UsageError, match="nothing is published yet"):
            read_audit(warehouse)
        ledger.note_publication(warehouse, Publication(dt.date(2025, 6, 30), "r"))
        with pytest.raises(UsageError, match="the run of 2025-06-30 was not audited"):
            read_audit(warehouse)
