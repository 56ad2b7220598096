"""What a workspace may declare of its columns, and what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tasks.config.entities import CONTACT_COLUMNS, ENTITIES
from tasks.config.errors import WorkspaceError
from tasks.config.loading import load_workspace
from tasks.config.privacy_class import strictest
from tasks.config.workspace import Workspace
from tests.workspaces import small_workspace


def load(folder: Path, columns: dict[str, str]) -> Workspace:
    tree = small_workspace() | {"privacy": {"columns": columns}}
    (folder / "resegment.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    return load_workspace(folder)


def test_ids_of_persons_contacts_and_the_day_of_birth_are_classified() -> None:
    classes = {
        f"{entity.name}.{column.name}": column.privacy
        for entity in ENTITIES.values()
        for column in entity.columns
        if column.privacy != "plain"
    }
    assert classes == {
        "customers.customer_id": "identifier",
        "customers.full_name": "contact",
        "customers.email_address": "contact",
        "customers.phone_number": "contact",
        "customers.birth_date": "sensitive",
        "order_lines.customer_id": "identifier",
        "interactions.customer_id": "identifier",
        "survey_answers.customer_id": "identifier",
        "costs.customer_id": "identifier",
        "enrichments.customer_id": "identifier",
        "feedback.customer_id": "identifier",
        "feedback.comment_text": "contact",
        "labelled_comments.comment_text": "contact",
        "campaign_contacts.customer_id": "identifier",
        "consents.customer_id": "identifier",
    }
    assert {"full_name", "email_address", "phone_number", "comment_text"} == CONTACT_COLUMNS


def test_the_strictest_class_counts() -> None:
    assert strictest(["identifier", "contact", "sensitive"]) == "contact"
    assert strictest(["plain", "sensitive", "identifier"]) == "sensitive"
    assert strictest([]) == "plain"


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("customers.income_amount", "sensitive"),
        ("customers.birth_date", "contact"),
        ("customers.birth_date", "plain"),
        ("customers.customer_id", "contact"),
    ],
)
def test_a_class_may_be_stricter_and_a_day_of_birth_none(tmp_path: Path, name: str, declared: str) -> None:
    assert load(tmp_path, {name: declared}).privacy.columns == {name: declared}


@pytest.mark.parametrize(
    ("name", "declared", "told"),
    [
        ("customers.incme_amount", "sensitive", "did you mean 'customers.income_amount'?"),
        ("income_amount", "sensitive", "there is no column 'income_amount'"),
        ("customers.income_amount", "sensitiv", "expected plain, identifier, sensitive or contact (got 'sensitiv')"),
        ("feedback.comment_text", "plain", "feedback.comment_text is contact and cannot be declared plain"),
        ("customers.email_address", "sensitive", "email_address is contact and cannot be declared sensitive"),
        ("customers.customer_id", "plain", "customer_id is identifier and cannot be declared plain"),
        ("customers.birth_date", "identifier", "birth_date is sensitive and cannot be declared identifier"),
    ],
)
def test_what_cannot_be_declared_is_told_with_its_line(tmp_path: Path, name: str, declared: str, told: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        load(tmp_path, {name: declared})
    assert told in caught.value.message
    lines = (tmp_path / "resegment.yaml").read_text(encoding="utf-8").splitlines()
    line = int(str(caught.value.where).rsplit(":", 1)[1])
    assert lines[line - 1].strip() in {"columns:", f"{name}: {declared}"}


def test_a_class_may_be_set_for_one_run(tmp_path: Path) -> None:
    load(tmp_path, {"customers.city_name": "contact"})
    space = load_workspace(tmp_path, overrides=["privacy.columns.customers.income_amount=sensitive"])
    assert space.privacy.columns == {"customers.city_name": "contact", "customers.income_amount": "sensitive"}


def test_classes_change_what_a_run_is(tmp_path: Path) -> None:
    assert load(tmp_path, {}).digest() != load(tmp_path, {"customers.city_name": "contact"}).digest()
