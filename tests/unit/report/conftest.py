"""Runs and pages that several tests look at; none of them changes what it is given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tasks.report.data import ReportData, collect
from tasks.report.page import render
from tasks.warehouse.run import Run
from tests.unit.report.made_story import standard_run
from tests.unit.report.parsed_page import ParsedPage


@pytest.fixture(scope="session")
def published_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = standard_run(tmp_path_factory.mktemp("published_run"))
    yield run
    run.warehouse.close()


@pytest.fixture(scope="session")
def published_data(published_run: Run) -> ReportData:
    return collect(published_run)


@pytest.fixture(scope="session")
def published_page(published_data: ReportData) -> ParsedPage:
    return ParsedPage(render(published_data))
