"""What of a source's values a report may print.

Owns: keeping contact data off the page. A report is mailed about and printed; a quarantined value, or an example of a
failed check, may be somebody's name even under the heading of another column, where a line's columns have shifted.

The rule: values of contact columns are never printed. Values of an entity that has contact columns are printed only if
they are plain numbers or dates, and as their shape otherwise (``Aaaa 99`` for ``Anna 24``). Other values are printed,
but for what looks like an e-mail address. What belongs to no known column is not printed.
"""

from __future__ import annotations

import json
import re

from tasks.config.entities import CONTACT_COLUMNS, ENTITIES

#: Columns whose values are never printed: contact data, and rows of a source as they came.
_WITHHELD_COLUMNS = CONTACT_COLUMNS | {"row_json"}
WITHHELD = "(withheld)"
EMPTY = "(empty)"

_LONGEST_VALUE = 80
_LONGEST_ROW = 240
_EMAIL = re.compile(r"[^\s@,;:<>\"'(){}\[\]]+@[^\s@,;:<>\"'(){}\[\]]+")
#: Ten digits or more are a telephone number as likely as an amount.
_NUMBER = re.compile(r"[+-]?\d{1,9}([.,]\d{1,6})?%?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?)?")
_LETTER_RUN = re.compile(r"[^\W\d_]")


def mask_emails(text: str) -> str:
    """The text with every e-mail address replaced."""
    return _EMAIL.sub("(e-mail address)", text)


def shown_value(entity: str, column: str | None, value: str | None) -> str:
    """A source's value, or what may be printed instead of it.

    Args:
        entity: name of the entity that the row was to become.
        column: the entity's column that the value was meant for.
        value: as it stood in the source.
    """
    known = ENTITIES.get(entity)
    if known is None or column is None or column in _WITHHELD_COLUMNS or column not in known.column_names:
        return WITHHELD
    if value is None or value == "":
        return EMPTY
    return _shortened(_shape(value) if has_contact_data(entity) else mask_emails(value))


def has_contact_data(entity: str) -> bool:
    """Whether rows of the entity hold values that must not be printed."""
    known = ENTITIES.get(entity)
    return known is not None and not _WITHHELD_COLUMNS.isdisjoint(known.column_names)


def shown_examples(table: str, column: str | None, examples: str | None) -> tuple[str, ...]:
    """Examples that a check found, fit to be printed.

    Args:
        table: the table checked, such as `staging.customers` or `raw.crm__customers`.
        column: the column checked; None where the check looks at whole rows.
        examples: a JSON array of values or of rows, or plain text.
    """
    if not examples:
        return ()
    if column in _WITHHELD_COLUMNS:
        return (WITHHELD,)
    entity = table.rsplit(".", maxsplit=1)[-1].rsplit("__", maxsplit=1)[-1]
    try:
        parsed = json.loads(examples)
    except ValueError:
        parsed = examples
    items = parsed if isinstance(parsed, list) else [parsed]
    return tuple(_shown_item(entity, item) for item in items)


def _shown_item(entity: str, item: object) -> str:
    if isinstance(item, dict):
        kept = {key: _shown_item(entity, value) for key, value in item.items() if key not in _WITHHELD_COLUMNS}
        return _shortened(", ".join(f"{key} = {value}" for key, value in kept.items()), _LONGEST_ROW)
    if item is None:
        return EMPTY
    text = str(item)
    if any(name in text for name in _WITHHELD_COLUMNS):
        # Rows written as text, not as JSON: the values cannot be told apart.
        return WITHHELD
    return _shortened(_shape(text) if has_contact_data(entity) else mask_emails(text))


def _shape(value: str) -> str:
    """A plain number or date as it is; anything else with its letters and digits made anonymous."""
    text = value.strip()
    if _NUMBER.fullmatch(text) or _DATE.fullmatch(text):
        return text
    lettered = _LETTER_RUN.sub(lambda letter: "A" if letter.group().isupper() else "a", text)
    return re.sub(r"\d", "9", lettered)


def _shortened(text: str, longest: int = _LONGEST_VALUE) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
