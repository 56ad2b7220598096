"""Ids made of words.

Owns: how a value or a name is written as an id. Does not own which ids there are.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection

_LONGEST = 48
#: What a letter is written with where taking its accent off is not enough.
_SPELT = str.maketrans({"ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "ø": "oe", "å": "aa", "ł": "l"})


def key_of(text: str, taken: Collection[str] = ()) -> str:
    """An id made of a text, that is not taken yet.

    >>> key_of("Baden-Württemberg"), key_of("São Paulo", ["sao_paulo"]), key_of("65+")
    ('baden_wuerttemberg', 'sao_paulo_2', 'v_65')
    """
    spelt = unicodedata.normalize("NFKD", text.lower().translate(_SPELT))
    plain = re.sub(r"[^a-z0-9]+", "_", "".join(letter for letter in spelt if not unicodedata.combining(letter)))
    stem = plain.strip("_")[:_LONGEST].rstrip("_")
    if not stem:
        # Nothing of it can be written in an id, as of a name in another script: its digest is as permanent.
        stem = hashlib.sha256(text.encode()).hexdigest()[:8]
    stem = stem if stem[0].isalpha() else f"v_{stem}"
    key, number = stem, 1
    while key in taken:
        number += 1
        key = f"{stem}_{number}"
    return key
