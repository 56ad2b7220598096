"""What features are made of: no table of customers that a theme reads is without its entity."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from tasks.config.features import Features
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.models import ModelColumn, load_models
from tasks.warehouse.reading import entities_of

AS_OF = dt.date(2025, 6, 30)
STAGED = {model.name: model for model in load_models("staging", as_of=AS_OF, features=Features())}
THEMES = load_models("features", as_of=AS_OF, features=Features())
READ = sorted(
    table
    for table in {table for theme in THEMES for table in theme.reads}
    if KEY in {column.name for column in STAGED[table].columns}
)


@pytest.mark.parametrize("table", READ)
def test_every_table_of_customers_is_made_of_an_entity(table: str) -> None:
    columns = (ModelColumn(KEY, "whose"), ModelColumn("made_count", "one"))
    theme = replace(THEMES[0], table="made", sql=f"SELECT {KEY}, 1 AS made_count FROM {table}", columns=columns)
    assert len(entities_of(Catalogue([theme]), {"made_count"})) == 1
