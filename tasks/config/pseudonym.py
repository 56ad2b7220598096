"""The keyed hash that stands for a customer's id.

Owns: the hash, how its result is written, and the fingerprint of a key. Does not own the key (`privacy.py`) or where
ids are replaced (`tasks/ingest/pseudonyms.py`).
"""

from __future__ import annotations

import hmac
import re

_PREFIX = "p_"
#: 128 bits: among ten million customers two share a pseudonym with probability 1.5e-25 (n² / 2^129).
_DIGITS = 32
_PSEUDONYM = re.compile(rf"{_PREFIX}[0-9a-f]{{{_DIGITS}}}")


def pseudonym(key: bytes, customer_id: str) -> str:
    """The id that stands for a customer right of `raw`: `p_` and 32 hexadecimal digits.

    HMAC-SHA256 (Krawczyk, Bellare and Canetti, RFC 2104, 1997), cut to its first 128 bits as section 5 there allows.
    HMAC is a pseudorandom function where the hash's compression function is one (Bellare, "New proofs for NMAC and
    HMAC", CRYPTO 2006): without the key an id can be neither computed nor tried out.
    """
    return _PREFIX + hmac.digest(key, b"customer_id\0" + customer_id.encode(), "sha256").hex()[:_DIGITS]


def is_pseudonym(text: str) -> bool:
    """Whether a text is written as a pseudonym is."""
    return _PSEUDONYM.fullmatch(text) is not None


def fingerprint(key: bytes) -> str:
    """16 hexadecimal digits that tell one key from another, and nothing else of it."""
    return hmac.digest(key, b"fingerprint\0", "sha256").hex()[:16]
