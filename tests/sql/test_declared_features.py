"""Whatever a workspace declares of constructs, indicators and enrichments, its models say what they give."""

from __future__ import annotations

import datetime as dt

import pytest

from tasks.config.features import Features
from tasks.warehouse.build import check_columns
from tasks.warehouse.catalogue import Catalogue
from tasks.warehouse.connection import Warehouse
from tests.sql.cases import create_raw, models

AS_OF = dt.date(2025, 6, 30)
#: What breaks SQL, comments, headers and templates where it is not written as what it is.
NASTY = 'it\'s -- 100 % of "{{ as_of }}" {# x #};\n-- column a: b [flag; cumulative]\n*/ SELECT 1 ['
FEATURES = Features.model_validate(
    {
        "windows": [1, 3660],
        "constructs": {
            "order": {"meaning": NASTY, "survey": NASTY, "items": [NASTY], "reversed_items": ["'", '"', "-- x"]},
            "one": {"items": ["x"], "scale": [-0.5, 1e-05], "min_answered_share": 1e-05},
            "turned": {"items": ["x"], "reversed_items": ["y"], "scale": [0, 100]},
        },
        "indicators": {
            f"in_{of}": {"name": NASTY, "meaning": NASTY, "unit": NASTY, "of": of}
            for of in ("area", "country", "everywhere")
        },
        "enrichments": {
            f"a_{kind}": {
                "attribute": NASTY,
                "meaning": NASTY,
                "type": kind,
                "providers": providers,
                "max_age_days": age,
            }
            for kind, providers, age in (("number", [], None), ("category", [NASTY, "B"], 1), ("flag", [NASTY], None))
        },
    }
)
_ONLY_INDICATORS = Features(indicators={"x": FEATURES.indicators["in_area"]})


@pytest.mark.parametrize("features", [FEATURES, _ONLY_INDICATORS, Features()], ids=["all", "some", "none"])
def test_models_give_what_their_headers_describe(features: Features) -> None:
    with Warehouse.open(None) as warehouse:
        create_raw(warehouse)
        for name, model in models(AS_OF, features).items():
            check_columns(warehouse, model)
            warehouse.execute(f"CREATE TABLE {name} AS {model.sql}")
            assert warehouse.value(f"SELECT count(*) FROM {name}") == 0


def test_each_declared_feature_is_in_the_catalogue_with_its_marks() -> None:
    catalogue = Catalogue([model for model in models(AS_OF, FEATURES).values() if model.schema == "features"]).features
    declared = [
        *(f"{key}_score" for key in FEATURES.constructs),
        *(f"market_{key}{end}" for key in FEATURES.indicators for end in ("", "_change")),
        *(f"enriched_{key}" for key in FEATURES.enrichments),
    ]
    assert [name for name in catalogue if name.startswith(("market_", "enriched_")) or name in declared] == [
        name for name in catalogue if name in declared
    ]
    assert set(declared) <= set(catalogue)
    for name in declared:
        assert "it's -- 100 %" in catalogue[name].meaning or name in {"one_score", "turned_score"}
    assert {name for name in declared if catalogue[name].is_external} == {
        name for name in declared if name.startswith("market_")
    }
    assert {name for name in declared if catalogue[name].is_cumulative} == set()
    assert [catalogue[f"enriched_a_{kind}"].kind for kind in ("number", "category", "flag")] == [
        "number",
        "category",
        "flag",
    ]
    assert catalogue["market_in_area"].unit.startswith("it's -- 100 %")


def test_nothing_declared_is_nothing_more_than_customers() -> None:
    bare = models(AS_OF, Features())
    for theme in ("market", "enrichment"):
        assert [column.name for column in bare[f"features.customer_{theme}"].columns] == ["customer_id"]
