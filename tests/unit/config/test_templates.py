"""Templates: each is a segmentation, says what its parameters allow, and what is wrong with a use of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from pydantic import TypeAdapter, ValidationError
from sqlglot import exp

from tasks.config.conditions import told
from tasks.config.errors import WorkspaceError
from tasks.config.expansion import SHIPPED, example_values, parameter_values, read_template, render, template_files
from tasks.config.resolving import leaves
from tasks.config.segmentations import ClustersSegmentation, RfmSegmentation, RulesSegmentation, Segmentation
from tasks.config.template import Parameter, Template
from tasks.config.template_text import example, requirements
from tasks.config.workspace import Workspace
from tests.workspaces import MakeWorkspace, small_workspace

NAMES = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
#: What issue 4 asks for.
ASKED = (
    *("rfm", "lifecycle", "frequency", "value_tiers", "age_gender", "generation", "life_stage", "income_band"),
    *("household", "region", "urbanity", "country", "daypart", "category_affinity", "brand_loyalty"),
    *("channel_preference", "price_sensitivity", "engagement", "satisfaction", "risk_tolerance", "psychographics"),
    *("churn_risk", "clv_tiers", "affluent_areas"),
)


def rendered(name: str, **given: object) -> Segmentation:
    template = read_template(template_files(None)[name])
    values = parameter_values(template, {**required(template), **given}, name)
    body = render(template, template_files(None)[name], values)
    adapter: TypeAdapter[Segmentation] = TypeAdapter(Segmentation)
    return adapter.validate_python(body)


def required(template: Template) -> dict[str, Any]:
    return {key: value for key, value in example_values(template).items() if template.parameters[key].is_required}


def features_of(kind: Segmentation) -> set[str]:
    """Every feature that a segmentation reads."""
    found = {
        column.name
        for text, _ in leaves({"x": kind})
        for column in sqlglot.parse_one(text, dialect="duckdb").find_all(exp.Column)
    }
    if isinstance(kind, ClustersSegmentation):
        return found | set(kind.features)
    if isinstance(kind, RfmSegmentation):
        return found | {kind.recency, kind.frequency, kind.monetary}
    return found if isinstance(kind, RulesSegmentation) else found | {kind.feature}


def test_every_template_that_was_asked_for_is_there() -> None:
    assert set(ASKED) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_a_segmentation_that_says_what_it_reads(name: str) -> None:
    template = read_template(template_files(None)[name])
    kind = rendered(name)
    assert kind.basis == template.basis
    assert kind.name
    named = {
        feature
        for key, one in template.parameters.items()
        if one.type == "feature"
        for feature in _listed(required(template).get(key, one.default))
    }
    read, said = features_of(kind), named | set(template.features)
    told = f"`features` of {name}.yaml lists what it reads beside parameters of type feature:"
    assert read == said, (
        f"{told} without {sorted(read - said)}, which it reads; with {sorted(said - read)}, which it does not"
    )


def _listed(value: Any) -> list[str]:  # noqa: ANN401 - a feature or a list of them
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", NAMES)
def test_every_named_segment_is_described(name: str) -> None:
    kind = rendered(name)
    segments = [*kind.declared_segments, *getattr(kind, "own_segments", [])]
    assert [segment.id for segment in segments if not segment.description.endswith(".")] == []
    assert set(kind.treatments) <= {segment.id for segment in segments}


@pytest.mark.parametrize("name", NAMES)
def test_its_example_can_be_pasted_into_a_workspace(name: str, make_workspace: MakeWorkspace) -> None:
    written = yaml.safe_load(example(name, read_template(template_files(None)[name])))
    space = make_workspace(tree=small_workspace() | written)
    assert space.segmentations[name] == rendered(name)


def using(make: MakeWorkspace, template: str, **keys: object) -> Workspace:
    return make(tree=small_workspace() | {"segmentations": {"mine": {"template": template, **keys}}})


def test_a_use_may_replace_what_the_template_says(make_workspace: MakeWorkspace) -> None:
    treatments = {"new": {"channel": "email", "offer": "Welcome"}, "active": {"offer": "Thanks"}}
    mine = using(
        make_workspace,
        "lifecycle",
        name="Leben",
        description="Wo er steht.",
        owner="crm",
        population={"not": "order_count = 0"},
        treatments=treatments,
        **{"with": {"new_days": 14}, "except": ["net_amount < 0"]},
    ).segmentations["mine"]
    assert isinstance(mine, RulesSegmentation)
    assert (mine.name, mine.description, mine.owner) == ("Leben", "Wo er steht.", "crm")
    assert mine.segments[0].when == "tenure_days <= 14"
    assert mine.segments[0].description == "First order within 14 days."
    assert mine.except_ == ["net_amount < 0"]
    assert told(mine.population or "") == "NOT (order_count = 0)"
    # What the use does not say of a treatment is the template's.
    assert mine.treatments["new"].model_dump(exclude_unset=True) == {
        "value_proposition": "Help with the second purchase",
        "priority": 20,
        "channel": "email",
        "offer": "Welcome",
    }
    assert mine.treatments["active"].offer == "Thanks"
    assert "cooling" in mine.treatments


def test_age_bands_cross_genders_without_a_gap() -> None:
    kind = rendered("age_gender", ages=[18, 40, 65], genders=["f", "m", "x"], gender_names=["Women", "Men"])
    assert isinstance(kind, RulesSegmentation)
    assert len(kind.segments) == 4 * 3
    assert [(segment.id, segment.name) for segment in kind.segments[:4]] == [
        ("f_under_18", "Women under 18"),
        ("f_from_18", "Women 18–39"),
        ("f_from_40", "Women 40–64"),
        ("f_from_65", "Women 65 and over"),
    ]
    # Without a name of its own a code is its name.
    assert kind.segments[8].name == "x under 18"


def test_a_text_of_the_user_is_no_sql_and_no_yaml() -> None:
    kind = rendered("age_gender", genders=["o'x: {"], gender_names=['"A": b'])
    assert isinstance(kind, RulesSegmentation)
    assert "gender_code = 'o''x: {'" in str(kind.segments[0].when)
    assert kind.segments[0].name == '"A": b under 30'


@pytest.mark.parametrize(
    ("template", "given", "key", "message"),
    [
        ("value_teirs", {}, "template", "there is no template 'value_teirs'\n  → did you mean 'value_tiers'?"),
        ("xyzzy", {}, "template", "there is no template 'xyzzy'\n  → templates are affluent_areas, age_gender,"),
        ("lifecycle", {"new_day": 3}, "new_day", "has no parameter 'new_day'\n  → did you mean 'new_days'?"),
        ("lifecycle", {"new_days": 0}, "new_days", "0 is not a whole number ≥ 1"),
        ("lifecycle", {"new_days": 1.5}, "new_days", "1.5 is not a whole number"),
        ("lifecycle", {"new_days": True}, "new_days", "True is not a whole number"),
        ("value_tiers", {"shares": [0.9, 0.5]}, "shares", "is not a list of 1 to 4, ascending, each a share between 0 and 1"),
        ("value_tiers", {"shares": [0.5, 1.5]}, "shares", "each a share between 0 and 1"),
        ("value_tiers", {"shares": 0.5}, "shares", "is not a list of 1 to 4"),
        ("price_sensitivity", {"limits": [0.1]}, "limits", "is not a list of 2, ascending"),
        ("country", {"country": "a name"}, "country", "'a name' is not the name of a feature"),
        ("psychographics", {}, "mine", "needs the parameter 'scores': scores of constructs"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_use_is_told_with_its_line(
    make_workspace: MakeWorkspace, tmp_path: Path, template: str, given: dict[str, object], key: str, message: str
) -> None:
    with pytest.raises(WorkspaceError) as caught:
        using(make_workspace, template, **({"with": given} if given else {}))
    assert message in str(caught.value)
    text = (tmp_path / "workspace" / "resegment.yaml").read_text().splitlines()
    line = next(number for number, row in enumerate(text, 1) if row.strip().startswith(f"{key}:"))
    assert str(caught.value.where).endswith(f"resegment.yaml:{line}")


def test_an_unknown_key_beside_a_template_is_told(make_workspace: MakeWorkspace) -> None:
    with pytest.raises(WorkspaceError, match=r"segmentations\.mine\.nmae: unknown key; did you mean 'name'"):
        using(make_workspace, "rfm", nmae="x")


def test_a_parameter_can_be_set_for_one_run(make_workspace: MakeWorkspace) -> None:
    tree = small_workspace() | {"segmentations": {"mine": {"template": "lifecycle"}}}
    space = make_workspace("segmentations.mine.with.new_days=7", tree=tree)
    assert space.segmentations["mine"].model_dump()["segments"][0]["when"] == "tenure_days <= 7"
    with pytest.raises(WorkspaceError, match=r"--set segmentations\.mine\.with\.new_days: .*'seven' is not a whole"):
        make_workspace("segmentations.mine.with.new_days=seven", tree=tree)


def test_a_template_needs_an_entity_unless_features_are_named(make_workspace: MakeWorkspace) -> None:
    with pytest.raises(WorkspaceError, match="'satisfaction' needs feedback, and no source maps it") as caught:
        using(make_workspace, "satisfaction")
    assert caught.value.hint == "map a source to it, or name the features yourself below `with:`"
    with pytest.raises(WorkspaceError, match="needs customers or area_profiles, and no source maps any of them"):
        using(make_workspace, "region")
    assert using(make_workspace, "satisfaction", **{"with": {"score": "recommend_score_last"}}).needed_features


def test_the_digest_knows_the_parameters_and_not_the_way_they_came(make_workspace: MakeWorkspace) -> None:
    plain = using(make_workspace, "lifecycle").digest()
    assert using(make_workspace, "lifecycle", **{"with": {"new_days": 30}}).digest() == plain
    assert using(make_workspace, "lifecycle", **{"with": {"new_days": 31}}).digest() != plain


OWN = """\
title: Own
basis: needs
description: Of this workspace alone.
parameters:
  least: {type: integer, default: 3, meaning: orders}
segmentation: |
  kind: rules
  segments:
    - {id: many, name: Many, when: order_count >= {{ least }}, description: Many orders.}
"""


def own(folder: Path, text: str, name: str = "own") -> None:
    (folder / "workspace" / "templates").mkdir(parents=True)
    (folder / "workspace" / "templates" / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_a_workspace_has_templates_of_its_own_that_replace_ours(make_workspace: MakeWorkspace, tmp_path: Path) -> None:
    own(tmp_path, OWN, "lifecycle")
    mine = using(make_workspace, "lifecycle", **{"with": {"least": 5}}).segmentations["mine"]
    assert isinstance(mine, RulesSegmentation)
    assert (mine.name, mine.segments[0].when) == ("Own", "order_count >= 5")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("basis: needs", "basis: need", "templates/own.yaml:2: basis: expected demographic"),
        ("{type: integer", "{type: integre", "templates/own.yaml:5: parameters.least.type: expected"),
        ("default: 3", "default: many", "templates/own.yaml:5: parameters.least: 'many' is not a whole number"),
        ("{{ least }}", "{{ lest }}", "templates/own.yaml: cannot render the template: 'lest' is undefined"),
        ("{{ least }}", "{{ least", "templates/own.yaml, line 3 of `segmentation`: cannot render the template"),
        ("kind: rules", "kind: [rules", "templates/own.yaml, as rendered:"),
        ("title: Own\n", "", "templates/own.yaml:1: title: is missing"),
        ("basis: needs", "basis: needs\nentities: [custmers]", "there is no entity 'custmers'; did you mean 'customers'?"),
        ("when:", "whne:", "segmentations.mine.segments.0.whne: unknown key; did you mean 'when'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_own_template_is_told(
    make_workspace: MakeWorkspace, tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in OWN
    own(tmp_path, OWN.replace(old, new))
    with pytest.raises(WorkspaceError) as caught:
        using(make_workspace, "own")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "allowed", "refused"),
    [
        ({"type": "number", "min": 1, "max": 2}, [1, 2.0, 1.5], [0.9, 2.1, "1", None, True]),
        ({"type": "share"}, [0, 1, 0.5], [1.01, -0.1]),
        ({"type": "boolean"}, [True, False], [1, "true"]),
        ({"type": "text", "choices": ["a", "b"]}, ["a"], ["c", ""]),
        ({"type": "text", "many": True, "least": 0, "most": 2}, [[], ["a", "b"]], [["a", "b", "c"], "a", [1]]),
        ({"type": "integer", "many": True, "ascending": True}, [[1, 2]], [[2, 1], [1, 1], []]),
        ({"type": "condition", "default": None}, ["a > 1", None], [1, " "]),
    ],
)
def test_parameters_take_what_they_say(parameter: dict[str, Any], allowed: list[Any], refused: list[Any]) -> None:
    made = Parameter.model_validate({"meaning": "m", **parameter})
    for value in allowed:
        made.refuse(value)
    for value in refused:
        with pytest.raises(ValueError, match=r"is not"):
            made.refuse(value)


def test_a_default_that_is_not_allowed_is_refused() -> None:
    with pytest.raises(ValidationError, match="2 is not a share between 0 and 1"):
        Parameter.model_validate({"type": "share", "meaning": "m", "default": 2})


def test_requirements_are_told() -> None:
    assert requirements(read_template(template_files(None)["lifecycle"])) == (
        "entity order_lines; features order_count, tenure_days, recency_days, last_gap_days"
    )
