"""Clusters where nobody stood when the model in use was learnt: found, traced back, and who gets which id."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tasks.config.clusters import NOISE_KEY
from tasks.segments.cluster import ClusterModel, Flow, Origins
from tasks.segments.cluster_model import ClusterSpec, assign_members, fit_champion, refit_challenger
from tasks.segments.identity import match_table
from tasks.segments.k_policy import KPolicy
from tasks.segments.new_ground import LearntFrom, Story, find_new_ground, origins_of

A, B = "c01", "c02"
DAY = dt.date(2025, 6, 30)


def story(*customers: tuple[str | None, int | None, str | None, int | None], groups: int = 3) -> Story:
    """Customers by their segment and label when the model was learnt, their segment before, and their label now."""
    frame = pl.DataFrame(
        [(f"k{number:03d}", *one) for number, one in enumerate(customers)],
        schema={"customer_id": pl.String, "key": pl.String, "was": pl.Int64, "segment_key": pl.String, "is": pl.Int64},
        orient="row",
    )
    is_kept = bool(frame["was"].is_not_null().any())
    return Story(
        DAY if is_kept else None,
        frame.filter(pl.col("was").is_not_null()).select("customer_id", segment_key="key", label="was"),
        frame.filter(pl.col("segment_key").is_not_null()).select("customer_id", "segment_key"),
        frame.filter(pl.col("is").is_not_null()).select("customer_id", label="is"),
        groups,
    )


def flows(told: Story) -> dict[tuple[str | None, str | None], int]:
    """From the old model to the new one, of which labels are matched by the customers that were traced back."""
    ground = find_new_ground(told)
    keys = (A, B)
    both = ground.before.join(told.now, on="customer_id")
    table = np.array([[both.filter(segment_key=key, label=n).height for n in range(told.groups)] for key in keys])
    match = match_table(keys, table.astype(float), used_ids=keys, new_ground=ground.labels)
    origins = origins_of(told, ground, match)
    return {(flow.came_from, flow.went_to): flow.customers for flow in origins.flows} if origins else {}


def test_newcomers_came_from_nowhere_wherever_they_were_assigned() -> None:
    told = story(*[(A, 0, A, 0)] * 10, *[(B, 1, B, 1)] * 10, *[(None, None, A, 2)] * 12)
    ground = find_new_ground(told)
    assert ground.labels == {2}
    assert ground.before.height == 20
    assert flows(told) == {(A, A): 10, (B, B): 10, (None, "c03"): 12}


def test_those_who_moved_come_from_where_they_were_when_it_was_learnt() -> None:
    # On their way they were assigned to the other segment.
    told = story(*[(A, 0, A, 0)] * 10, *[(A, 0, B, 2)] * 9, *[(B, 1, B, 1)] * 10)
    assert flows(told) == {(A, A): 10, (A, "c03"): 9, (B, B): 10}


@pytest.mark.parametrize(("there", "is_new"), [(1, True), (2, False)])
def test_where_a_fifth_of_an_old_segment_stood_is_no_new_ground(there: int, is_new: bool) -> None:
    told = story(*[(A, 0, A, 0)] * (10 - there), *[(A, 2, A, 2)] * there, *[(None, None, A, 2)] * 20)
    assert (find_new_ground(told).labels == {2}) is is_new


def test_a_segment_of_whom_all_are_new_by_now_stands_where_it_stood() -> None:
    """Newcomers grow old, and others come: nobody of then is in it any more, and its place is the same."""
    told = story(*[(A, 0, B, 1)] * 10, *[(B, 1, B, 1)] * 10, *[(None, None, A, 0)] * 10, groups=2)
    assert find_new_ground(told).labels == frozenset()
    assert flows(told) == {}


def test_of_a_segment_that_is_gone_all_are_counted_and_not_its_last_two() -> None:
    told = story(*[(A, 0, A, 0)] * 10, *[(B, 0, A, 0)] * 8, *[(B, 0, B, 0)] * 2, (B, 0, None, None), groups=1)
    assert flows(told) == {(A, A): 10, (B, A): 10}


def test_where_the_day_is_not_kept_nothing_is_traced() -> None:
    told = story(*[(None, None, A, 0)] * 10, *[(None, None, A, 1)] * 10, groups=2)
    assert find_new_ground(told).labels == frozenset()
    assert flows(told) == {}


def test_noise_is_no_ground_and_its_customers_count() -> None:
    told = story(*[(A, 0, A, 0)] * 10, *[(B, 0, A, 0)] * 8, *[(B, 0, B, 2)] * 2, *[(None, None, A, 2)] * 3, groups=2)
    assert find_new_ground(told).labels == frozenset()
    assert flows(told) == {(A, A): 10, (A, NOISE_KEY): 3, (B, A): 8, (B, NOISE_KEY): 2}


def test_the_id_stays_with_the_piece_that_stays_and_goes_with_all_who_move() -> None:
    split = np.array([[48.0, 52.0], [0.0, 0.0]])
    assert match_table([A], split[:1], used_ids=[A]).ids == ("c02", "c01")
    assert match_table([A], np.array([[52.0, 48.0]]), used_ids=[A], new_ground={0}).ids == ("c02", "c01")
    assert match_table([A], np.array([[55.0, 45.0]]), used_ids=[A], new_ground={1}).ids == ("c01", "c02")
    assert match_table([A], np.array([[78.0, 22.0]]), used_ids=[A], new_ground={0}).ids == ("c02", "c01")
    assert match_table([A], np.array([[0.0, 100.0]]), used_ids=[A], new_ground={1}).ids == ("c02", "c01")
    # A fifth of it went over to another segment: that is no piece of it which stays.
    moved = np.array([[80.0, 20.0], [0.0, 100.0]])
    assert match_table([A, B], moved, used_ids=[A, B], new_ground={0}).ids == (A, B)


@pytest.fixture(scope="module")
def refitted() -> tuple[ClusterModel, ClusterModel]:
    """A market of two groups to which a third has come since: without and with the day of the fit."""
    rng = np.random.default_rng(4)
    places = np.array([[0.0, 0.0], [8.0, 0.0], [8.0, 8.0]])
    labels = np.repeat([0, 1, 2], [150, 100, 120])
    x = np.exp(0.3 * (places[labels] + rng.normal(size=(370, 2))))
    frame = pl.DataFrame({"customer_id": [f"k{n:03d}" for n in range(370)], "f0": x[:, 0], "f1": x[:, 1]})
    effort = KPolicy(sample_rows=1_000, splits=2, resamples=5, gap_references=2)
    spec = ClusterSpec(("f0", "f1"), k_max=4, seed=1, effort=effort, wins_to_change_k=1, screen=False)
    learnt_from = frame.head(250)
    first = fit_champion(learnt_from, spec)
    members = assign_members(first, frame, assign_members(first, learnt_from))
    untold, told = (
        refit_challenger(first, frame, spec, members, first.keys, learnt_from=day).model
        for day in (None, LearntFrom(DAY, learnt_from))
    )
    return untold, told


def test_newcomers_who_outnumber_a_segment_do_not_take_its_id(refitted: tuple[ClusterModel, ClusterModel]) -> None:
    untold, told = ({cluster.key: cluster.size for cluster in model.clusters} for model in refitted)
    assert untold == {"c01": 150, "c02": 120, "c03": 100}
    assert told == {"c01": 150, "c02": 100, "c03": 120}
    flows = Flow("c01", "c01", 150), Flow("c02", "c02", 100), Flow(None, "c03", 120)
    assert refitted[1].origins == Origins(DAY, ("c03",), flows)


def test_what_is_told_is_stored_and_nothing_where_there_is_nothing(refitted: tuple[ClusterModel, ClusterModel]) -> None:
    untold, told = refitted
    assert ClusterModel.from_json(json.dumps(told.to_json(), sort_keys=True)) == told
    assert set(told.to_json()) - set(untold.to_json()) == {"origins"}
    assert replace(told, origins=None).to_json().keys() == untold.to_json().keys()
