"""What class a column of a file looks like, from its name and from some of its values.

Owns: the guess for one file. Does not own the sample (`sampling.py`), or what follows from a guess (`classes.py`).
A guess errs on the safe side only where values speak for it: a name alone (`email_opened`) decides nothing where the
values (0, 1) cannot be what it says.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tasks.config.privacy_class import PrivacyClass, is_stricter
from tasks.ingest.personal_words import ANYWHERE, BARE_NAMES, NOT_POSTAL, WORDS, Kind

#: Patterns that nothing matches by chance need this share of the values, the others that.
_STRONG_SHARE, _WEAK_SHARE = 0.05, 0.3
#: Of the others at least so many are no chance.
_WEAK_COUNT = 2
#: Of this many values or more a column of persons has at least that many different ones.
_VARIED_COUNT = 20
_CLASS: dict[Kind, PrivacyClass] = {
    "e-mail": "contact",
    "telephone": "contact",
    "address": "contact",
    "name": "contact",
    "bank account": "contact",
    "birth": "sensitive",
    "belief or health": "sensitive",
    "secret number": "sensitive",
}

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_INTERNATIONAL = re.compile(
    r"(?<![\w.])(\+[1-9]\d{0,2}[ ./()-]{0,2}|00[1-9]\d{0,2}[ ./()-]{1,2})(\(0\))?\d([ ./()-]{0,2}\d){6,11}(?![\w.])"
)
_PHONES = (
    re.compile(r"\+[1-9]([ ./()-]{0,2}\d){8,14}"),
    re.compile(r"\(?0\d{1,5}\)?[ /-]{1,3}\d([ /-]?\d){4,10}"),  # 0170 5550123, (030) 12 34 56
    re.compile(r"(\+?1[ .-])?(\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}"),  # (555) 123-4567
    re.compile(r"0\d( \d\d){4}"),
)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_SECURITY_NUMBER = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")
_BEFORE_NUMBER = r"stra(ß|ss)e|str|weg|platz|allee|gasse|damm|ufer|laan|straat|plein|gade|vej|gatan"
_BEFORE_NAME = r"rue|calle|via|viale|piazza|avenue|boulevard|ulica|rua"
_AFTER_NAME = r"street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|square|terrace|close"
_STREETS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"[^\d,]*({_BEFORE_NUMBER})\.? ?\d{{1,4}} ?[a-z]?(\b.*)?",  # Hauptstraße 12a, 10115 Berlin
        rf"(\d{{1,5}} ?[a-z]?,? )?({_BEFORE_NAME}) [^\d,]{{2,40}}(?(1)|,? \d{{1,4}})(\b.*)?",  # Via Roma 3
        rf"\d{{1,5}} ?[a-z]?,? [^\d,]{{2,40}} ({_AFTER_NAME})\.?(,.*)?",  # 221b Baker St, London
    )
)
_DAY = re.compile(r"(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|(19|20)\d{6}|\d{1,2}\.? [A-Za-zä]{3,9}\.?,? \d{4})([ T].*)?")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
#: A longer text is none of an address or a number.
_LONGEST_LINE = 100
#: Of a telephone number.
_FEWEST_DIGITS = 6
_WORD = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column looks like, and why in words that hold no value of it."""

    privacy: PrivacyClass = "plain"
    reason: str = ""


def guess_columns(columns: Mapping[str, Sequence[str]], *, is_about_persons: bool) -> dict[str, Guess]:
    """Guess the class of every column of a file.

    Args:
        columns: by name, the values of a sample of rows, as text; empty where there is none.
        is_about_persons: a row is a person, so that a column `name` is his.
    """
    guesses = {name: guess_column(name, values, is_about_persons=is_about_persons) for name, values in columns.items()}
    names = [name for name in columns if guesses[name].privacy == "contact" and _kind_named(name) == "name"]
    for name, values in columns.items():
        if guesses[name].privacy == "plain" and names:
            share, count = _repeated([columns[other] for other in names], values)
            if share >= _WEAK_SHARE:
                reason = f"{_percent(share)} of {count:,} values are made of {' and '.join(names)}"
                guesses[name] = Guess("contact", reason)
    return guesses


def guess_column(name: str, values: Sequence[str], *, is_about_persons: bool = False) -> Guess:
    """Guess the class of one column; without any value there is nothing to protect yet."""
    filled = Counter(stripped for value in values if (stripped := value.strip()))
    if not filled:
        return Guess()
    count = filled.total()
    found = Guess()
    for told, privacy, test, least in _PATTERNS:
        share = _share(filled, test)
        is_enough = share >= least and (least == _STRONG_SHARE or share * count >= _WEAK_COUNT)
        if is_enough and is_stricter(privacy, found.privacy):
            found = Guess(privacy, f"{_percent(share)} of {count:,} values are {told}")
    kind = _kind_named(name) or ("name" if is_about_persons and _plain_name(name) in BARE_NAMES else None)
    if kind and is_stricter(_CLASS[kind], found.privacy) and _LOOKS[kind](filled):
        found = Guess(_CLASS[kind], f"its name says {kind}")
    return found


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _plain_name(name: str) -> str:
    """A name in lower-case letters without accents and separators."""
    text = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    return re.sub(r"[^a-z]", "", text.casefold())


def _kind_named(name: str) -> Kind | None:
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Ý])", " ", name)
    words = {_plain_name(word) for word in _WORD.findall(spaced.replace("_", " "))}
    whole = _plain_name(name)
    for kind in _CLASS:
        if kind == "address" and words & NOT_POSTAL:
            continue
        if any(part in whole for part in ANYWHERE[kind]) or not words.isdisjoint(WORDS[kind]) or whole in WORDS[kind]:
            return kind
    return None


def _is_email(value: str) -> bool:
    return "@" in value and _EMAIL.search(value) is not None


def _is_phone(value: str) -> bool:
    is_short = len(value) <= _LONGEST_LINE and sum(map(str.isdigit, value)) >= _FEWEST_DIGITS
    return (
        is_short
        and not _DAY.fullmatch(value)
        and not _is_amount(value)
        and any(pattern.fullmatch(value) for pattern in _PHONES)
    )


def _has_international_phone(value: str) -> bool:
    return ("+" in value or "00" in value) and not _is_amount(value) and _INTERNATIONAL.search(value) is not None


def _is_amount(value: str) -> bool:
    return ("." in value or "," in value) and _NUMBER.fullmatch(value) is not None


def _is_iban(value: str) -> bool:
    """Whether the check digits are right (ISO 13616: the rearranged number is 1 modulo 97)."""
    packed = value.replace(" ", "").upper()
    if not _IBAN.fullmatch(packed):
        return False
    return int("".join(str(int(char, 36)) for char in packed[4:] + packed[:4])) % 97 == 1


def _is_street(value: str) -> bool:
    has_both = len(value) <= _LONGEST_LINE and any(map(str.isdigit, value)) and not value.isdecimal()
    return has_both and any(pattern.fullmatch(value) for pattern in _STREETS)


def _is_security_number(value: str) -> bool:
    return _SECURITY_NUMBER.fullmatch(value) is not None


_Test = Callable[[str], bool]
#: Values that are not empty, each with the number of rows that have it.
_Values = Counter[str]
_PATTERNS: tuple[tuple[str, PrivacyClass, _Test, float], ...] = (
    ("e-mail addresses", "contact", _is_email, _STRONG_SHARE),
    ("bank account numbers (IBAN)", "contact", _is_iban, _STRONG_SHARE),
    ("telephone numbers", "contact", _has_international_phone, _STRONG_SHARE),
    ("telephone numbers", "contact", _is_phone, _WEAK_SHARE),
    ("street addresses", "contact", _is_street, _WEAK_SHARE),
    ("social security numbers", "sensitive", _is_security_number, _WEAK_SHARE),
)


def _share(values: _Values, test: _Test) -> float:
    return sum(count for value, count in values.items() if test(value)) / values.total()


def _are_varied(values: _Values) -> bool:
    """Whether there are as many different values as persons would have; kinds and codes are few."""
    return len(values) >= min(_VARIED_COUNT, (values.total() + 1) // 2)


def _are_words(values: _Values) -> bool:
    return _share(values, lambda value: bool(re.search(r"[^\W\d_]{2}", value))) >= 1 - _WEAK_SHARE


def _are_names(values: _Values) -> bool:
    has_no_digit = _share(values, lambda value: not re.search(r"\d", value)) >= 1 - _WEAK_SHARE
    return has_no_digit and _are_words(values) and _are_varied(values)


def _have_digits(least: int) -> Callable[[_Values], bool]:
    return lambda values: _share(values, lambda value: sum(map(str.isdigit, value)) >= least) >= _WEAK_SHARE


def _are_states(values: _Values) -> bool:
    """Whether values are words or a yes and no; more numbers than two are a scale, an amount or a count."""
    return _share(values, lambda value: bool(_NUMBER.fullmatch(value))) < _WEAK_SHARE or len(values) <= 2  # noqa: PLR2004 - yes and no


_LOOKS: dict[Kind, Callable[[_Values], bool]] = {
    "e-mail": lambda values: _share(values, _is_email) >= _STRONG_SHARE,
    "telephone": _have_digits(_FEWEST_DIGITS),
    "address": lambda values: _are_words(values) and _are_varied(values),
    "name": _are_names,
    "bank account": _have_digits(6),
    "birth": lambda values: _share(values, lambda value: bool(_DAY.fullmatch(value))) >= _WEAK_SHARE,
    "belief or health": _are_states,
    "secret number": _have_digits(5),
}


def _repeated(names: Sequence[Sequence[str]], values: Sequence[str]) -> tuple[float, int]:
    """The share of values that are made of the names in their rows, and the number of values."""
    filled = made = 0
    for position, value in enumerate(values):
        words = set(re.findall(r"[^\W\d_]{2,}", value.casefold()))
        if not value.strip():
            continue
        filled += 1
        known = {word for column in names for word in re.findall(r"[^\W\d_]{2,}", column[position].casefold())}
        made += bool(words) and words <= known
    return (made / filled if filled else 0.0), filled
