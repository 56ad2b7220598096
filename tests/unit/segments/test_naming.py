"""Names: from what sets a segment apart, unique, and kept."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from tasks.config.by_one_feature import ValuesSegmentation
from tasks.config.features import Features
from tasks.segments.naming import Distinction, FeatureMeaning, describe, distinctions, meaning_of, name_segments
from tasks.segments.values import value_names
from tasks.segments.words import _STANDARD, standard_words
from tasks.warehouse.models import load_models


def trait(feature: str, effect: float, typical: float = 2.0, everyone: float = 1.0, share: float = 0.9) -> Distinction:
    return Distinction(feature, effect, typical, everyone, share)


GOOD = (trait("order_count", 1.5), trait("net_amount", 1.2), trait("recency_days", -0.8), trait("product_count", 0.5))
WEAK = (trait("order_count", -0.9), trait("net_amount", 0.1))


def test_distinctions_by_hand() -> None:
    raw = {"orders": np.array([1.0, 1.0, 2.0, 8.0, np.nan, 10.0]), "age": np.array([30.0, 40, 30, 40, 30, 40])}
    standardised = np.array([[-1.0, -1], [-1, 1], [-0.5, -1], [1, 1], [0.25, -1], [1.25, 1]])
    members = np.array([False, False, False, True, True, True])
    first, second = distinctions(raw, standardised, ("orders", "age"), members)
    assert first.feature == "orders"
    assert first.effect == pytest.approx((2.5 / 3) / standardised[:, 0].std(), abs=1e-6)
    assert (first.typical, first.everyone, first.share_beyond) == (9.0, 2.0, 1.0)
    assert second.effect == pytest.approx(1 / 3, abs=1e-6)


def test_where_both_medians_are_equal_the_mean_speaks() -> None:
    raw = {"returns": np.array([0.0] * 8 + [3.0, 5.0])}
    members = np.arange(10) >= 5
    (found,) = distinctions(raw, raw["returns"].reshape(-1, 1), ("returns",), members)
    assert (found.typical, found.everyone) == (1.6, 0.8)
    assert found.share_beyond == 0.4


def test_a_feature_nobody_in_the_segment_has_is_not_spoken_of() -> None:
    raw = {"age": np.array([np.nan, np.nan, 30.0, 40.0])}
    members = np.array([True, True, False, False])
    assert distinctions(raw, np.array([[0.0], [0.0], [-1.0], [1.0]]), ("age",), members) == ()


def test_name_of_three_words_from_standard_features() -> None:
    assert name_segments({"c01": GOOD, "c02": WEAK}, {}) == {
        "c01": "Frequent, high-spend, recent",
        "c02": "Infrequent",
    }


def test_features_that_say_the_same_are_said_once() -> None:
    ranked = {"c01": (trait("order_count", 2), trait("order_90d_count", 1.9), trait("net_amount", 1)), "c02": WEAK}
    assert name_segments(ranked, {})["c01"] == "Frequent, high-spend"


def test_equal_names_are_told_apart_by_the_next_feature_and_at_last_by_id() -> None:
    named = name_segments({"c01": GOOD, "c02": GOOD, "c03": GOOD}, {})
    assert named == {
        "c01": "Frequent, high-spend, recent",
        "c02": "Frequent, high-spend, recent, wide range",
        "c03": "Frequent, high-spend, recent, wide range (c03)",
    }


def test_a_surviving_id_keeps_its_name_and_a_retired_name_is_not_taken() -> None:
    previous = {"c01": "The old guard", "c02": "Frequent, high-spend, recent"}
    named = name_segments({"c01": GOOD, "c03": GOOD}, {}, previous=previous)
    assert named == {"c01": "The old guard", "c03": "Frequent, high-spend, recent, wide range"}


def test_a_segment_is_called_all_customers_as_long_as_it_is_of_all() -> None:
    everybody = {"c01": "All customers", "c02": "Old", "c03": "All customers (c03)"}
    assert name_segments({"c03": GOOD}, {}, previous=everybody) == {"c03": "All customers (c03)"}
    split = name_segments({"c02": GOOD, "c03": GOOD}, {}, previous=everybody)
    assert split == {"c02": "Old", "c03": "Frequent, high-spend, recent"}
    assert name_segments({"c02": GOOD}, {}, previous=everybody) == {"c02": "All customers (c02)"}


def test_one_segment_and_a_segment_without_traits() -> None:
    assert name_segments({"c01": ()}, {}) == {"c01": "All customers"}
    assert name_segments({"c01": GOOD, "c02": (trait("age", 0.1),)}, {})["c02"] == "Close to average"


def test_description() -> None:
    meanings = {
        "order_90d_count": FeatureMeaning("orders", "orders", phrase="order {value} times in 90 days"),
        "net_amount": FeatureMeaning("money spent; NULL: never", "£"),
        "discount_share": FeatureMeaning("discount ÷ amount", "share"),
        "steps": FeatureMeaning("steps a day", "steps"),
    }
    ranked = (
        trait("order_90d_count", 1.5, 4.2, 1.1, 0.88),
        trait("net_amount", -1.2, 1234.5, 2345.6, 0.7),
        trait("discount_share", 0.5, 0.253, 0.1, 0.66),
        trait("steps", 0.4, 9_000, 8_000, 0.6),
        trait("age_years", 0.1, 50, 40, 0.6),
    )
    assert describe(ranked, meanings) == (
        "Order 4.2 times in 90 days (all customers: 1.1; 88% of the segment above that); "
        "spent £1,234 (all customers: £2,346; 70% of the segment below that); "
        "get 25.3% off in discounts (all customers: 10%; 66% of the segment above that); "
        "steps a day: 9,000 steps (all customers: 8,000; 60% of the segment above that)."
    )
    assert describe((trait("age_years", 0.1),), {}) == "Close to the average customer in every feature used."


def test_numbers_read_naturally() -> None:
    one = trait("order_count", -1, 1.0, 3.0)
    assert describe((one,), {}).startswith("Ordered once (all customers: 3;")


def test_all_customers_have_one_figure_or_it_is_said_that_the_other_is_a_mean() -> None:
    """Of who never orders the medians are equal, of the others not: the same customers order 1 and 0 times."""
    orders = np.array([0.0] * 6 + [2.0] * 3 + [4.0])
    told = {
        segment: describe(distinctions({"order_count": orders}, orders[:, None], ["order_count"], members), {})
        for segment, members in (("quiet", orders == 0), ("keen", orders > 0))
    }
    assert told["quiet"].startswith("Ordered 0 times on average (all customers: 1;")
    assert told["keen"].startswith("Ordered 2 times (all customers: 0;")


def test_words_of_windowed_features_say_the_window() -> None:
    assert standard_words("order_90d_count").phrase == "ordered {value} times in 90 days"
    assert standard_words("net_365d_amount").high == "high-spend in 365 days"
    assert standard_words("unheard_of").high == ""


def test_a_feature_without_words_is_spoken_of_by_its_label_or_its_name() -> None:
    assert meaning_of("shoe_size", {}).high == "high shoe size"
    assert meaning_of("shoe_size", {"shoe_size": FeatureMeaning("size of shoes; NULL: barefoot")}).low == (
        "low size of shoes"
    )
    given = FeatureMeaning("orders", high="keen")
    assert meaning_of("order_count", {"order_count": given}).high == "keen"
    assert meaning_of("order_count", {"order_count": given}).low == "infrequent"


def test_every_standard_number_has_its_words_and_every_word_its_feature() -> None:
    models = load_models("features", as_of=dt.date(2025, 6, 30), features=Features(windows=[7, 365]))
    numbers = {column.name for model in models for column in model.columns[1:] if column.kind in {"number", "flag"}}
    spoken = {name: standard_words(name) for name in numbers}
    assert {name for name, words in spoken.items() if not (words.high and words.low and words.group)} == set()
    assert {name for name, words in spoken.items() if words.high == words.low} == set()
    assert set(_STANDARD) - numbers == set()
    assert {words.phrase.count("{days}") for words in spoken.values()} <= {0}


def test_names_of_values_are_unique_in_whatever_case() -> None:
    segmentation = ValuesSegmentation.model_validate(
        {
            "kind": "values",
            "basis": "behavioural",
            "feature": "top_category_name",
            "min_share": 0.25,
            "names": {"a": "Same", "b": "same", "c": "OTHERS"},
            "others": {"id": "others", "name": "Others"},
        }
    )
    names = value_names(["a", "b", "c", " "], segmentation)
    assert names == {"a": "Same", "b": "same (2)", "c": "OTHERS (2)", " ": "(blank)"}
