"""YAML as people write it: aliases and merges, times of day, and what is none."""

from __future__ import annotations

import pytest

from tasks.config.errors import WorkspaceError
from tasks.config.yaml_tree import compose, value_of


@pytest.mark.parametrize("text", ["a: &x [1, *x]\n", "a: &x {b: {c: *x}}\n", "a: &x {<<: *x}\n"])
def test_an_alias_inside_itself_is_told_with_its_line(text: str) -> None:
    with pytest.raises(WorkspaceError, match="an alias stands inside what it is an alias of") as caught:
        compose(f"name: x\n{text}", "f.yaml")
    assert caught.value.where == "f.yaml:2"


def test_merged_keys_are_there_with_the_lines_that_they_stand_on() -> None:
    text = "base: &base\n  a: 1\n  b: {c: 2}\nmore: &more\n  a: 3\n  d: 4\nall:\n  <<: [*base, *more]\n  a: 5\n"
    tree, lines = compose(text, "f.yaml")
    assert tree["all"] == {"a": 5, "b": {"c": 2}, "d": 4}
    assert [lines["all", key] for key in ("a", "b", "d")] == ["f.yaml:9", "f.yaml:3", "f.yaml:6"]
    assert lines["all", "b", "c"] == "f.yaml:3"


def test_a_merge_of_something_else_is_told() -> None:
    with pytest.raises(WorkspaceError, match="<< stands for no mapping"):
        compose("a: {<<: 5}\n", "f.yaml")


def test_a_key_that_is_no_text_is_told() -> None:
    with pytest.raises(WorkspaceError, match="a key is a list or mapping") as caught:
        compose("name: x\n? [a, b]\n: c\n", "f.yaml")
    assert caught.value.where == "f.yaml:2"


def test_characters_that_are_none_are_told_in_one_line() -> None:
    with pytest.raises(WorkspaceError, match="not YAML: unacceptable character #x0001") as caught:
        compose("name: a\x01b\n", "f.yaml")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # YAML 1.1 takes it for 18 times 60.
        ("18:00", "18:00"),
        ("1:30:00", "1:30:00"),
        ("1800", 1800),
        ("'18:00'", "18:00"),
        ("*.csv", "*.csv"),
        ("[a", "[a"),
        ("2025-06-31", "2025-06-31"),
        ("", None),
        ("{a: [1, true]}", {"a": [1, True]}),
    ],
)
def test_a_text_is_the_value_that_people_mean(text: str, value: object) -> None:
    assert value_of(text) == value


def test_a_time_of_day_needs_no_quotation_marks() -> None:
    assert compose("quiet: {from: 18:00, until: 07:00}\n", "f.yaml")[0]["quiet"] == {"from": "18:00", "until": "07:00"}
