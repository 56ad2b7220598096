"""Which columns look like data about people: by their values first, by their names where the values may be such."""

from __future__ import annotations

import pytest

from tasks.ingest.guess import guess_column, guess_columns

CONTACTS = [
    ("Notes", ["a@b.de", "x.y+z@shop.co.uk", "none", "see below"]),
    ("Notes", ["nothing"] * 18 + ["write to anna@example.org", "call +49 170 5550123 after five"]),
    ("n", ["0170/5550123", "(030) 12 34 56", "089-1234567"]),
    ("n", ["(555) 123-4567", "555-123-4567"]),
    ("n", ["06 12 34 56 78", "01 23 45 67 89"]),
    ("n", ["+491705550123"]),
    ("Mobil", ["01705550123", "01705550124"]),
    ("konto", ["DE89 3704 0044 0532 0130 00"]),
    ("x", ["Hauptstraße 12a, 10115 Berlin", "Lindenallee 4", "Musterweg 3"]),
    ("x", ["12 Main Street", "221b Baker St, London"]),
    ("x", ["rue de la Paix 12", "12 rue de Rivoli, Paris", "Via Roma 3"]),
    ("Straße", ["Hauptstraße", "Am Markt", "Gartenweg"]),
    ("Vorname", ["Anna", "Ben"]),
    ("firstName", ["Anna", "Ben"]),
    ("PRÉNOM", ["Anaïs", "Benoît"]),
    ("customer_name", ["Anna Berg", "Ben Tal"]),
]
SENSITIVE = [
    ("Geburtsdatum", ["01.05.1980", "24.12.1975"]),
    ("birthDate", ["1980-05-01 00:00:00"]),
    ("dob", ["19800501"]),
    ("Religion", ["rk", "ev", "none"]),
    ("disability", ["yes", "no", "no"]),
    ("id", ["123-45-6789", "234-56-7890"]),
]
PLAIN = [
    # The name says it, the values cannot be it.
    ("email_opened", ["0", "1", "1"]),
    ("has_phone", ["true", "false"]),
    ("phone_orders_count", ["3", "0", "12"]),
    ("phone_model", ["iPhone 12", "Pixel 5"]),
    ("Year_Birth", ["1957", "1960"]),
    ("birth_weight", ["3.2", "2.9"]),
    ("Religion", ["1", "5", "3"]),
    ("address_type", ["home", "work"] * 20),
    ("ip_address", ["10.0.0.1", "10.0.0.2"]),
    ("email", ["", "  "]),
    # Figures, times and codes that are no telephone numbers and no addresses.
    ("d", ["04-09-2012", "01-12-2013"]),
    ("d", ["2011-08-31 10:00:00"]),
    ("id", ["0012345678901", "0012345678902"]),
    ("ean", ["4006381333931", "4006381333932"]),
    ("delta", ["+1.234567890", "-3"]),
    ("band", ["10,000-14,999", "$15,000 - $19,999"]),
    ("item", ["BOX OF 24 STREET LIGHTS", "5 RING BINDER", "KEY RING 12"]),
    ("code", ["DE00370400440532013000", "AB12CDEFGHIJKLM"]),
    ("text", ["@VirginAmerica what a flight", "see you @ five"]),
    # Things have names, too.
    ("product_name", ["Bread", "Milk"]),
    ("campaign_name", ["Spring", "Summer"]),
    ("name", ["Autauga County", "Baldwin County"]),
]


@pytest.mark.parametrize(("name", "values"), CONTACTS)
def test_contact_data_is_seen(name: str, values: list[str]) -> None:
    assert guess_column(name, values).privacy == "contact"


@pytest.mark.parametrize(("name", "values"), SENSITIVE)
def test_sensitive_data_is_seen(name: str, values: list[str]) -> None:
    assert guess_column(name, values).privacy == "sensitive"


@pytest.mark.parametrize(("name", "values"), PLAIN)
def test_other_data_is_left_alone(name: str, values: list[str]) -> None:
    assert guess_column(name, values).privacy == "plain"


def test_a_column_called_name_is_a_person_where_rows_are_persons() -> None:
    values = ["Anna", "Ben"]
    assert guess_column("Name", values, is_about_persons=True).privacy == "contact"
    assert guess_column("Name", values, is_about_persons=False).privacy == "plain"
    assert guess_column("Name", ["17", "18"], is_about_persons=True).privacy == "plain"


def test_what_is_made_of_names_is_one() -> None:
    guesses = guess_columns(
        {
            "customer_id": ["Anna Berg", "Ben Tal", "X1"],
            "first_name": ["Anna", "Ben", "Cleo"],
            "last_name": ["Berg", "Tal", "Um"],
            "city": ["Berg", "Ulm", "Rom"],
        },
        is_about_persons=False,
    )
    assert guesses["customer_id"].privacy == "contact"
    assert guesses["customer_id"].reason == "67 % of 3 values are made of first_name and last_name"


@pytest.mark.parametrize(("name", "values"), CONTACTS + SENSITIVE)
def test_a_reason_holds_no_value(name: str, values: list[str]) -> None:
    reason = guess_column(name, values).reason
    assert reason
    assert not any(value in reason for value in values)


def test_the_reason_tells_the_share() -> None:
    values = [f"n{number}@shop.example" for number in range(166)] + ["vip"] * 34
    assert guess_column("Notes", values).reason == "83 % of 200 values are e-mail addresses"
