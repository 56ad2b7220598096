"""Values that a changed customer might have are such as customers have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.config.loading import load_workspace
from tasks.segments.reasons.candidates import candidates, scale_of
from tasks.segments.reasons.smallest_change import smallest_change
from tasks.segments.reasons.standing import standings
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.ledger import publications
from tests.unit.segments.made_runs import compute
from tests.unit.segments.test_divide_projected import workspace
from tests.workspaces import OpenRun


def test_of_what_is_not_known_a_value_is_told_that_customers_have(tmp_path: Path, opened: OpenRun) -> None:
    """Incomes are 9,000 and 90,000, and of half of the customers none is known: 8,999.99 is nobody's."""
    workspace(tmp_path / "w")
    with opened(load_workspace(tmp_path / "w")) as run:
        compute(run)
        (current,) = publications(run.warehouse)
        (standing,) = standings(run.warehouse, catalogue_of(run), current, "Peru-119", ["means"])
        scale = scale_of(standing, "income_amount")
        assert (scale.least, scale.most) == (9000, 90000)
        offered = candidates(standing, scale)
        assert {9000, 90000, 50000} <= set(offered)
        assert min(offered) == 9000
        # More of those who say it earn little: that is the median, and what is told.
        assert offered[0] == pytest.approx(9000, abs=1)
        change = smallest_change(standing)
        assert change is not None
        assert change.told.startswith("income_amount 9000")
        assert "not known" in change.told
