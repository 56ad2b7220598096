"""The scan names a group that was planted, and none where none is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.config.errors import StatisticsError
from tasks.drift.candidates import EmergencePolicy
from tasks.drift.cells import Cells, cell_flows, fit_cells
from tasks.drift.emergence import Candidate, scan_emergence
from tasks.drift.normal_scores import ScoredSnapshots, score_snapshots
from tasks.drift.policy import FeatureSpec
from tests.unit.drift.made_groups import NUMBERS, SPECS, base, changed, with_group

POLICY = EmergencePolicy()


def scan(before: pl.DataFrame, after: pl.DataFrame, policy: EmergencePolicy = POLICY) -> list[Candidate]:
    return scan_emergence(before, after, SPECS, policy, 0)


def planted(size: int, seed: int, share: float = 0.02) -> tuple[pl.DataFrame, pl.DataFrame, set[str]]:
    before = base(size, seed)
    members = np.random.default_rng((seed, 3)).choice(size, round(share * size), replace=False)
    after = with_group(changed(before, seed), members, seed)
    return before, after, set(after["customer_id"][members])


def jaccard(one: Candidate, truth: set[str]) -> float:
    found = set(one.customer_ids)
    return len(found & truth) / len(found | truth)


def test_a_planted_group_is_named_with_its_customers_and_what_they_have_in_common() -> None:
    before, after, truth = planted(2_000, 7)
    (found,) = scan(before, after)
    assert found.direction == "emerging"
    assert jaccard(found, truth) > 0.9
    assert found.customer_count == len(found.customer_ids)
    assert {trait.feature_name for trait in found.traits[:3]} == {"money", "orders", "returns"}
    assert all(trait.effect_size > 1 for trait in found.traits[:3])
    region = next(trait for trait in found.traits if trait.feature_name == "region")
    assert region.level_name == "north"
    assert region.group_share is not None
    assert region.group_share > 0.9
    assert "far higher" in found.sentence
    assert found.sentence.startswith(f"A group of about {found.customer_count} customers (")
    assert found.p_adjusted < 1e-6


def test_power_and_false_alarms_at_few_repetitions() -> None:
    named, false = 0, 0
    for seed in range(12):
        before, after, truth = planted(2_000, seed)
        named += any(jaccard(one, truth) >= 0.85 for one in scan(before, after))
        false += bool(scan(before, changed(before, seed)))
        false += bool(scan(before, base(2_000, seed + 100, first_id=2_000)))
    assert named == 12
    # At most 1 % of 24 runs: one would be an accident that a fixed seed makes permanent.
    assert false == 0


def test_exchanged_snapshots_make_emergence_of_vanishing() -> None:
    before, after, truth = planted(1_000, 3, share=0.04)
    (arose,), (gone,) = scan(before, after), scan(after, before)
    assert gone.direction == "vanishing"
    assert gone.customer_ids == arose.customer_ids
    assert gone.ratio == arose.ratio
    assert jaccard(gone, truth) > 0.8
    assert "of before" in gone.sentence


def test_the_calendar_makes_no_group_of_who_became_customers_on_one_day() -> None:
    """A company that moved its records to another system knows half of its customers since that day."""
    specs = {**SPECS, "customer_days": FeatureSpec("customer_days", "numeric", is_calendar_driven=True)}
    before = base(2_000, 9).with_columns(customer_days=pl.int_range(2_000) % 900 * (pl.int_range(2_000) % 2) + 500)
    after = before.with_columns(pl.col("customer_days") + 30)
    assert scan_emergence(before, after, specs, POLICY, 0) == []


def test_what_changed_for_everybody_is_no_group() -> None:
    before = base(2_000, 9)
    for after in (before.with_columns(pl.col("money") * 10_000), before.with_columns(visits=pl.lit(-1.0))):
        assert scan(before, after) == []


def test_a_group_that_lies_in_cells_far_from_each_other_is_told_once() -> None:
    """Six flags that have nothing to do with it cut it into cells which are not side by side."""
    random = np.random.default_rng(0)
    flags = [f"flag_{number}" for number in range(6)]
    specs = {**SPECS, **{name: FeatureSpec(name, "flag") for name in flags}}

    def flagged(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.Series(name, random.random(frame.height) < 0.5) for name in flags)

    before = flagged(base(2_000, 0))
    newcomers = flagged(base(300, 50, first_id=2_000)).with_columns(
        pl.Series("money", np.round(50_000 * np.exp(0.2 * random.standard_normal(300)), 2)),
        pl.Series("visits", 900.0 + random.integers(0, 50, 300)),
    )
    (found,) = scan_emergence(before, pl.concat([before, newcomers]), specs, POLICY, 0)
    assert found.customer_count > 290


def test_newcomers_can_be_a_group_and_growth_alone_is_none() -> None:
    before = base(1_500, 5)
    newcomers = base(500, 6, first_id=1_500)
    assert scan(before, pl.concat([before, newcomers])) == []
    members = np.arange(60)
    found = scan(before, pl.concat([before, with_group(newcomers, members, 5)]))
    assert [one.direction for one in found] == ["emerging"]
    assert jaccard(found[0], set(newcomers["customer_id"][members])) > 0.85


@settings(max_examples=5)
@given(st.integers(0, 2**32 - 1), st.sampled_from(NUMBERS), st.floats(0.001, 1_000.0))
def test_neither_order_nor_units_matter(seed: int, name: str, unit: float) -> None:
    before, after, _ = planted(500, 11, share=0.06)
    expected = scan(before, after)
    random = np.random.default_rng(seed)
    shuffled = [one[random.permutation(one.height)].with_columns(pl.col(name) * unit) for one in (before, after)]
    assert scan(*shuffled) == expected
    assert [one.direction for one in expected] == ["emerging"]


def test_a_group_smaller_than_may_be_told_is_not_told() -> None:
    before, after, _ = planted(1_000, 3, share=0.04)
    assert len(scan(before, after)) == 1
    assert scan(before, after, EmergencePolicy(least_members=100)) == []


def test_how_many_few_there_were_before_is_not_told() -> None:
    before, after, _ = planted(2_000, 7)
    (found,) = scan(before, after, EmergencePolicy(least_members=30))
    assert found.ratio is None
    assert "hardly existed before" in found.sentence


def test_columns_without_two_values_and_nulls_do_not_disturb() -> None:
    before, after, truth = planted(2_000, 7)
    empty = [
        one.with_columns(pl.lit(None, pl.Float64).alias("visits"), pl.lit(1.0).alias("is_member"))
        for one in (before, after)
    ]
    (found,) = scan_emergence(
        *empty, {name: SPECS[name] for name in ("money", "orders", "returns", "visits")}, POLICY, 0
    )
    assert jaccard(found, truth) > 0.8
    assert scan_emergence(*empty, {"visits": SPECS["visits"]}, POLICY, 0) == []


def test_repeated_customers_are_refused() -> None:
    one = base(10, 0)
    with pytest.raises(StatisticsError, match="repeat a customer_id"):
        scan(pl.concat([one, one]), one)


def flows_of(before: list[int], after: list[int], common: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells by hand; the first `common` customers are the same."""
    empty, both = np.empty((0, 1), dtype=np.float32), np.arange(common)
    ids = pl.Series(range(max(len(before), len(after))))
    scored = ScoredSnapshots(("x",), ids, ids, empty, empty, both, both, both, both)
    old, new = np.array(before), np.array(after)
    flows = cell_flows(scored, Cells(np.zeros((2, 1)), old, new, new, old))
    return flows.came, flows.went, flows.grown_p


def test_two_samples_are_compared_by_the_conditional_binomial() -> None:
    came, went, p_values = flows_of([0] * 18 + [1] * 2, [0] * 30 + [1] * 10, 0)
    assert came.tolist() == [30, 10]
    assert went.tolist() == [18, 2]
    # 10 of 12 in the second cell where 40 of all 60 are current; four tests, and it is the most telling one.
    expected = sum(_binomial(12, hits, 40 / 60) for hits in (10, 11, 12))
    assert p_values[1] == pytest.approx(min(1.0, 4 * expected))


def test_the_same_customers_are_compared_by_mcnemar() -> None:
    came, went, p_values = flows_of([0] * 12 + [1] * 8, [0] * 2 + [1] * 10 + [1] * 7 + [0], 20)
    assert came.tolist() == [1, 10]
    assert went.tolist() == [10, 1]
    expected = _binomial(11, 10, 0.5) + _binomial(11, 11, 0.5)
    assert p_values[1] == pytest.approx(4 * expected)


def _binomial(count: int, hits: int, chance: float) -> float:
    from scipy.stats import binom

    return float(binom.pmf(hits, count, chance))


def test_scores_are_those_of_ranks() -> None:
    ids = [f"c{at}" for at in range(4)]
    before = pl.DataFrame({"customer_id": ids, "x": [0.0, 0.0, 1.0, None]})
    after = pl.DataFrame({"customer_id": ids, "x": [0.0, 1.0, 1.0, 5.0]})
    scored = score_snapshots(before, after, ["x"], 0)
    # Three zeros, three ones and a five: mid-distribution shares 1.5/7, 4.5/7, 6.5/7.
    from scipy.special import ndtri

    raw = ndtri(np.array([1.5, 4.5, 6.5]) / 7)
    mean = (3 * raw[0] + 3 * raw[1] + raw[2]) / 7
    spread = np.sqrt((3 * (raw[0] - mean) ** 2 + 3 * (raw[1] - mean) ** 2 + (raw[2] - mean) ** 2) / 7)
    zero, one, five = ((value - mean) / spread for value in raw)
    assert scored.reference[:, 0].tolist() == pytest.approx([zero, zero, one, 0.0], abs=1e-6)
    assert scored.current[:, 0].tolist() == pytest.approx([zero, one, one, five], abs=1e-6)


def test_cells_do_not_know_which_snapshot_is_which() -> None:
    before, after, _ = planted(500, 11)
    scored = score_snapshots(before, after, NUMBERS, 0)
    cells, back = fit_cells(scored, 20, 0), fit_cells(scored.reversed(), 20, 0)
    assert np.array_equal(cells.centres, back.centres)
    assert np.array_equal(cells.current, back.reference)
