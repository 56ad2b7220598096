"""No contact value reaches the page."""

from __future__ import annotations

import pytest

from tasks.report.privacy import EMPTY, WITHHELD, mask_emails, shown_examples, shown_value


@pytest.mark.parametrize("column", ["full_name", "email_address", "phone_number"])
@pytest.mark.parametrize("value", ["Anna", "12", "", None])
def test_contact_columns_are_withheld_whatever_they_hold(column: str, value: str | None) -> None:
    assert shown_value("customers", column, value) == WITHHELD


def test_comments_are_withheld() -> None:
    assert shown_value("feedback", "comment_text", "7") == WITHHELD


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1893-04-02", "1893-04-02"),
        ("2099-01-01 00:00:00", "2099-01-01 00:00:00"),
        ("-12,50", "-12,50"),
        ("Anna Müller", "Aaaa Aaaaaa"),
        ("anna.m@example.com", "aaaa.a@aaaaaaa.aaa"),
        ("+49 170 5550123", "+99 999 9999999"),
        ("01705550123", "99999999999"),
        ('{"name": "Anna"}', '{"aaaa": "Aaaa"}'),
        ("", EMPTY),
    ],
)
def test_text_of_customers_is_shown_as_its_shape(value: str, shown: str) -> None:
    """A line whose columns have shifted puts a name under any heading."""
    assert shown_value("customers", "income_amount", value) == shown


def test_values_of_orders_are_shown_but_for_addresses() -> None:
    assert shown_value("order_lines", "quantity", "three") == "three"
    assert shown_value("order_lines", "customer_id", "anna@example.com") == "(e-mail address)"
    assert shown_value("order_lines", "product_name", "x" * 500) == "x" * 79 + "…"


@pytest.mark.parametrize(("entity", "column"), [("order_lines", None), ("order_lines", "row_json"), ("else", "id")])
def test_what_belongs_to_no_known_column_is_withheld(entity: str, column: str | None) -> None:
    assert shown_value(entity, column, "anything") == WITHHELD


@pytest.mark.parametrize(
    ("table", "column", "examples", "shown"),
    [
        ("staging.customers", "email_address", '["a@b.de"]', (WITHHELD,)),
        ("raw.crm__customers", "age_band_name", '["Anna", 24, null]', ("Aaaa", "24", EMPTY)),
        ("staging.order_lines", "quantity", '["80995", 7]', ("80995", "7")),
        ("staging.order_lines", "quantity", "plain text", ("plain text",)),
        (
            "raw.order_lines",
            None,
            '[{"order_id": "o1", "full_name": "Anna", "quantity": -1}]',
            ("order_id = o1, quantity = -1",),
        ),
        ("staging.orders", None, "{'order_id': 'o1', 'full_name': 'Anna'}", (WITHHELD,)),
        ("features.customer_value", "recency_days", None, ()),
    ],
)
def test_examples_of_checks(table: str, column: str | None, examples: str | None, shown: tuple[str, ...]) -> None:
    assert shown_examples(table, column, examples) == shown


def test_addresses_in_messages_are_masked() -> None:
    assert mask_emails("bad value <anna@example.com>, see log") == "bad value <(e-mail address)>, see log"
    assert mask_emails("addresses contain an @") == "addresses contain an @"
