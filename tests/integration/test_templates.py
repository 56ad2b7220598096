"""Every template divides customers: of the demo, and of a small shop that has each feature they ask for."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tasks.config.expansion import example_values, read_template, template_files
from tasks.config.loading import load_workspace
from tasks.demo.tasks import generate_sources
from tasks.features.tasks import build_features
from tasks.segments.check import check_rule_types, check_rules
from tasks.segments.definitions import Definition
from tasks.segments.division import Division
from tasks.segments.reasons.standing import standings
from tasks.segments.reasons.why import why_in
from tasks.segments.tasks import ask_earlier_definitions, write_segments
from tasks.warehouse import ledger
from tasks.warehouse.catalogue import catalogue_of
from tasks.warehouse.ledger import Publication, publications
from tasks.warehouse.run import Run, open_run
from tests.integration.corridor import EXAMPLES
from tests.staged import divide_all, ingest_and_stage

CUSTOMERS = 400
AS_OF = dt.date(2025, 6, 30)
TEMPLATES = {name: read_template(path) for name, path in template_files(None).items()}
#: What the demo's own tables do not tell, made up: each as SQL of a customer's number.
MADE_UP = {
    "generation_name": "['greatest', 'silent', 'boomers', 'x', 'y', 'z', 'alpha', NULL][1 + n % 8]",
    "life_stage_name": "['young single', 'couple', 'young family', 'family', 'empty nest', 'single', 'retired'][1 + n % 7]",
    "top_brand_share": "(n % 101) / 100",
    "risk_tolerance_score": "nullif(1 + (n % 9) / 2, 1)",
    "openness_score": "1 + (n * 7 % 41) / 10 + CASE WHEN n % 3 = 0 THEN 20 ELSE 0 END",
    "thrift_score": "1 + (n * 11 % 41) / 10 - CASE WHEN n % 3 = 1 THEN 20 ELSE 0 END",
    "churn_share": "(n * 13 % 100) / 100",
    "clv_amount": "nullif((n * 17 % 997)::DECIMAL(18, 4), 0)",
}


#: Features that a workspace declares itself: constructs of surveys, and predictions.
DECLARED = {"risk_tolerance_score", "openness_score", "thrift_score", "churn_share", "clv_amount"}


def given(name: str) -> dict[str, Any]:
    """Parameters of a template in the demo: what is made up has another name than the feature it stands for."""

    def named(value: str | list[str]) -> str | list[str]:
        return [f"made_up_{one}" for one in value] if isinstance(value, list) else f"made_up_{value}"

    return {
        key: named(value)
        for key, value in example_values(TEMPLATES[name]).items()
        if TEMPLATES[name].parameters[key].type == "feature" and MADE_UP.keys() & set(_listed(value))
    }


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def own_features() -> str:
    """A features model of what is made up."""
    header = "-- what: w\n-- why: w\n-- grain: customer\n-- column customer_id: the customer [id]\n"
    header += "".join(
        f"-- column made_up_{name}: made up{' [category]' if name.endswith('_name') else ''}\n" for name in MADE_UP
    )
    selected = "".join(f",\n    {sql} AS made_up_{name}" for name, sql in MADE_UP.items())
    numbered = "(SELECT customer_id, row_number() OVER (ORDER BY customer_id) AS n FROM staging.customers)"
    return f"{header}SELECT\n    customer_id{selected}\nFROM {numbered}\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The demo with its features built, and every template below `segmentations`."""
    folder = tmp_path_factory.mktemp("templates")
    tree = yaml.safe_load((EXAMPLES / "demo" / "resegment.yaml").read_text())
    tree["generate"]["customers"] = CUSTOMERS
    tree["segmentations"] = {
        name: {"template": name, **({"with": given(name)} if given(name) else {})} for name in TEMPLATES
    }
    # Its caps are on channels that only its own segments use.
    del tree["contacts"]
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
    space = load_workspace(folder)
    with open_run(space, as_of=AS_OF, known_as_of=None, output=folder / "out") as opened:
        (folder / "sql" / "features").mkdir(parents=True)
        (folder / "sql" / "features" / "customer_made_up.sql").write_text(own_features())
        generate_sources.fn(opened)
        ingest_and_stage(opened)
        build_features.fn(opened)
        check_rules(space, catalogue_of(opened))
        check_rule_types(
            opened.warehouse, space, catalogue_of(opened).relation(opened.run_id), names=space.segmentations
        )
        yield opened
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def divisions(run: Run) -> dict[str, Division]:
    found = divide_all(run)
    write_segments.fn(run, found)
    ask_earlier_definitions.fn(run)
    ledger.note_publication(run.warehouse, Publication(run.as_of, run.run_id))
    return found


def test_a_feature_that_is_the_default_is_there_or_declared_by_a_workspace(run: Run) -> None:
    defaults = {
        feature
        for template in TEMPLATES.values()
        for parameter in template.parameters.values()
        if parameter.type == "feature" and not parameter.is_required
        for feature in _listed(parameter.default)
    }
    assert defaults - set(catalogue_of(run).features) <= DECLARED


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_template_divides_the_demo(run: Run, divisions: dict[str, Division], name: str) -> None:
    division = divisions[name]
    assert "refused" not in division.note
    members = f"segments.membership WHERE segmentation_id = '{name}'"
    sizes = dict(run.warehouse.rows(f"SELECT segment_id, count(*) FROM {members} GROUP BY 1"))
    known = {f"{name}.{definition.key}" for definition in division.definitions}
    assert set(sizes) <= known
    # Somebody is in two segments at least, or it would tell nobody apart.
    assert len(sizes) >= 2
    assert all(isinstance(definition, Definition) and definition.description for definition in division.definitions)
    doubles = run.warehouse.value(f"SELECT count(*) - count(DISTINCT customer_id) FROM {members}")
    assert doubles == 0


def test_whoever_is_in_a_segment_of_a_rule_meets_it(run: Run, divisions: dict[str, Division]) -> None:
    relation = catalogue_of(run).relation(run.run_id)
    checked = 0
    for name, division in divisions.items():
        kind = run.workspace.segmentations[name].kind
        for definition in division.definitions:
            if kind not in {"rules", "cuts", "values"} or definition.rule_text == "otherwise":
                continue
            missed = run.warehouse.value(
                f"SELECT count(*) FROM segments.membership JOIN {relation} USING (customer_id)"
                f" WHERE segment_id = '{name}.{definition.key}' AND ({definition.rule_text}) IS NOT TRUE"
            )
            assert missed == 0, (name, definition)
            checked += 1
    assert checked > 60


def test_a_customer_of_the_demo_is_explained_by_every_template(run: Run, divisions: dict[str, Division]) -> None:
    assert set(divisions) == set(TEMPLATES)
    customer = run.warehouse.value("SELECT min(customer_id) FROM segments.membership WHERE segmentation_id = 'rfm'")
    found = [
        why_in(standing)
        for standing in standings(run.warehouse, catalogue_of(run), publications(run.warehouse)[-1], customer)
    ]
    assert len([why for why in found if why.segment_ids]) >= 18
    for why in found:
        assert why.reason, why
        if why.segment_ids:
            assert why.change is not None, why
            assert set(why.change.to_segment_ids) != set(why.segment_ids)
