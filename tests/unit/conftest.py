"""What the tests of several rooms share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.config.shipped import shipped
from tasks.warehouse import models

#: Whom there is, what was bought and when: what most segmentations of tests ask for.
_FEW = {
    "staging": {"customers", "order_lines", "orders", "superseded_order_lines", "survey_answers", "construct_answers"},
    "features": {"customer_value", "customer_basket", "customer_cadence", "customer_demographics"},
}


@pytest.fixture(scope="module")
def few_features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """As if a handful of the models of staging and features were shipped alone.

    Half of a small run's time goes into the others. For modules about rooms further down, whose tests ask for none of
    them; a feature that is not there is an error, and no test could miss it unawares.
    """
    folder = tmp_path_factory.mktemp("few") / "sql"
    shutil.copytree(shipped("sql"), folder)
    for schema, names in _FEW.items():
        for path in (folder / schema).iterdir():
            if path.stem not in names:
                path.unlink()

    def shipped_few(name: str) -> Path:
        return folder if name == "sql" else shipped(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "shipped", shipped_few)
        yield
