"""The privacy section: the key and its errors, the keyed hash, and which groups are too small."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import numpy as np
import pytest
import yaml

from tasks.config.errors import UsageError, WorkspaceError
from tasks.config.loading import load_workspace
from tasks.config.pseudonym import fingerprint, is_pseudonym, pseudonym
from tasks.config.workspace import Workspace
from tasks.warehouse.small_groups import withheld_groups
from tests.workspaces import small_workspace

KEY = "0123456789abcdef-this-is-no-secret"
_VARIABLE = "${RESEGMENT_PSEUDONYM_KEY}"


def load(folder: Path, *overrides: str, key: object = _VARIABLE, value: str | None = KEY) -> Workspace:
    """A workspace with pseudonyms, and the variable of the key set to `value`."""
    tree = small_workspace() | {"privacy": {"pseudonymise": True} | ({} if key is None else {"key": key})}
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    environment = {} if value is None else {"RESEGMENT_PSEUDONYM_KEY": value}
    return load_workspace(folder, overrides=overrides, environment=environment)


def line_of(folder: Path, text: str) -> int:
    lines = (folder / "resegment.yaml").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_key_comes_from_the_environment_and_is_shown_nowhere(tmp_path: Path) -> None:
    space = load(tmp_path)
    assert space.pseudonym_key() == KEY.encode()
    assert KEY not in repr(space) + str(space) + space.model_dump_json()


@pytest.mark.parametrize(
    "value", ["1234567890123456", "0x1234567890abcdef", "true, or is it: [1]", "1e300000000000000"]
)
def test_a_key_that_looks_like_something_else_is_text(tmp_path: Path, value: str) -> None:
    assert load(tmp_path, value=value).pseudonym_key() == value.encode()


@pytest.mark.parametrize(("key", "value"), [(_VARIABLE, None), (_VARIABLE, ""), (None, KEY)])
def test_a_missing_key_names_the_line_and_what_to_set(tmp_path: Path, key: object, value: str | None) -> None:
    space = load(tmp_path, key=key, value=value)
    with pytest.raises(WorkspaceError, match="there is no key") as caught:
        space.pseudonym_key()
    assert caught.value.where == f"{tmp_path / 'resegment.yaml'}:{line_of(tmp_path, 'key:' if key else 'privacy:')}"
    assert "RESEGMENT_PSEUDONYM_KEY" in str(caught.value)


def test_a_short_key_is_refused_and_not_told(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="the key has 15 bytes, expected at least 16") as caught:
        load(tmp_path, value="short-secret-15").pseudonym_key()
    assert "short-secret" not in str(caught.value)
    assert f"resegment.yaml:{line_of(tmp_path, 'key:')}" in str(caught.value)


@pytest.mark.parametrize("key", [KEY, 1234567890123456, f"${{NAME:-{KEY}}}", f"x{_VARIABLE}", ["a"]])
def test_a_key_that_stands_in_the_file_is_refused_and_not_told(tmp_path: Path, key: object) -> None:
    with pytest.raises(WorkspaceError, match="the key stands in the file") as caught:
        load(tmp_path, key=key)
    assert str(key) not in str(caught.value)
    assert caught.value.where == f"{tmp_path / 'resegment.yaml'}:{line_of(tmp_path, 'key:')}"


@pytest.mark.parametrize("override", [f"privacy.key={KEY}", f"privacy={{pseudonymise: true, key: {KEY}}}"])
def test_a_key_on_the_command_line_is_refused_and_not_told(tmp_path: Path, override: str) -> None:
    with pytest.raises(UsageError, match="records of runs keep it") as caught:
        load(tmp_path, override)
    assert KEY not in str(caught.value)


def test_no_key_is_needed_where_ids_stay_as_they_are(tmp_path: Path) -> None:
    space = load(tmp_path, "privacy.pseudonymise=false", value=None)
    assert (space.pseudonym_key(), space.key_fingerprint()) == (None, None)


def test_the_digest_does_not_depend_on_the_key(tmp_path: Path) -> None:
    assert load(tmp_path).digest() == load(tmp_path, value="another key of enough bytes").digest()
    assert load(tmp_path).key_fingerprint() != load(tmp_path, value="another key of enough bytes").key_fingerprint()


def test_a_group_has_at_least_one_customer(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"min_group_size: expected 1 or more \(got 0\)"):
        load(tmp_path, "privacy.min_group_size=0")


def hand_hmac(key: bytes, message: bytes) -> str:
    """RFC 2104, section 2, word for word."""
    block = hashlib.sha256(key).digest() if len(key) > 64 else key
    block = block.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).hexdigest()


@pytest.mark.parametrize("key", [KEY.encode(), b"k" * 16, b"k" * 64, b"k" * 200])
@pytest.mark.parametrize("customer", ["C0000123", "Zoë O'Brien", "", "x" * 200])
def test_a_pseudonym_is_an_hmac(key: bytes, customer: str) -> None:
    assert pseudonym(key, customer) == "p_" + hand_hmac(key, b"customer_id\0" + customer.encode())[:32]
    assert is_pseudonym(pseudonym(key, customer))
    assert not is_pseudonym(customer)


def test_another_key_or_id_gives_another_pseudonym() -> None:
    made = {pseudonym(key, f"C{number}") for key in (b"k" * 16, b"l" * 16) for number in range(1000)}
    assert len(made) == 2000
    assert fingerprint(b"k" * 16) != fingerprint(b"l" * 16)


@pytest.mark.parametrize(
    ("sizes", "withheld"),
    [
        ({"a": 5, "b": 6, "c": 7}, set()),
        # One small group would follow from all the others: the next smallest goes with it.
        ({"a": 1, "b": 6, "c": 70}, {"a", "b"}),
        # Two small groups of three customers in all would follow together.
        ({"a": 1, "b": 2, "c": 70, "d": 80}, {"a", "b", "c"}),
        ({"a": 2, "b": 3, "c": 70}, {"a", "b"}),
        ({"a": 4, "b": 0}, {"a"}),
        ({"a": 0, "b": 9}, set()),
        ({}, set()),
    ],
)
def test_small_groups_and_those_they_would_follow_from(sizes: dict[str, int], withheld: set[str]) -> None:
    assert withheld_groups(sizes, 5) == withheld


def test_groups_withheld_for_another_reason_are_hidden_among_others_too() -> None:
    assert withheld_groups({"a": 50, "b": 60, "c": 70}, 5, frozenset({"b"})) == {"a", "b"}
    assert withheld_groups({"a": 50, "b": 0}, 5, frozenset({"b"})) == set()


def test_no_subtraction_finds_a_group_of_fewer() -> None:
    """Whatever the sizes: with the total of all and of each group shown, no group's total is found but of `least`."""
    draw = np.random.default_rng(7)
    for _ in range(2000):
        least = int(draw.integers(1, 9))
        sizes = {str(place): int(draw.choice((0, 1, 2, 3, 5, 8, 40))) for place in range(draw.integers(1, 7))}
        hidden = withheld_groups(sizes, least)
        shown = {name for name, size in sizes.items() if size > 0} - hidden
        assert all(sizes[name] >= least for name in shown)
        # All minus any of the shown ones is what is hidden, and perhaps more.
        for count in range(len(shown) + 1):
            for minus in itertools.combinations(sorted(shown), count):
                rest = sum(sizes.values()) - sum(sizes[name] for name in minus)
                assert rest == 0 or rest >= least or sum(sizes.values()) < least
        assert len(hidden) != 1 or sum(sizes.values()) == sum(sizes[name] for name in hidden) < least
