"""The privacy section of the workspace: pseudonyms and small groups.

Owns: what the section may say, the keyed hash that makes a pseudonym, and which groups are too small to be described.
Does not own where ids are replaced (`tasks/ingest/pseudonyms.py`) or where figures are left out.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping

from pydantic import Field, SecretStr

from tasks.config.errors import WorkspaceError
from tasks.config.segmentations import Strict

#: Where the key stands in the workspace file; its value is told to nobody (see `loading.py`).
KEY_PATH = ("privacy", "key")
KEY_HINT = "write `key: ${RESEGMENT_PSEUDONYM_KEY}` below `privacy:` and set that variable, for example to the output"
KEY_HINT += " of `openssl rand -hex 32`; keep it as long as the output folder"
#: RFC 2104, section 3: a key shorter than the hash's output weakens it; 16 bytes are what nobody can try out.
SHORTEST_KEY = 16
_PREFIX = "p_"
#: 128 bits: among ten million customers two share a pseudonym with probability 1.5e-25 (n² / 2^129).
_DIGITS = 32
_PSEUDONYM = re.compile(rf"{_PREFIX}[0-9a-f]{{{_DIGITS}}}")


class PrivacyPolicy(Strict):
    """What is kept from readers: who a customer is, and figures of groups so small that they are about persons."""

    pseudonymise: bool = Field(default=False, description="replace customer ids by a keyed hash from staging on")
    key: SecretStr | None = Field(
        default=None, description="of the hash: ${RESEGMENT_PSEUDONYM_KEY}, at least 16 bytes"
    )
    min_group_size: int = Field(
        default=5, ge=1, description="figures of fewer customers are left out of profiles, money and descriptions"
    )

    def usable_key(self, where: str) -> bytes:
        """The key as bytes.

        Args:
            where: the place in the workspace file, for the error.

        Raises:
            WorkspaceError: there is none, or it is too short.
        """
        secret = self.key.get_secret_value().encode() if self.key else b""
        if not secret:
            raise WorkspaceError(
                "privacy.key: customers are to be pseudonymised, and there is no key", where=where, hint=KEY_HINT
            )
        if len(secret) < SHORTEST_KEY:
            raise WorkspaceError(
                f"privacy.key: the key has {len(secret)} bytes, expected at least {SHORTEST_KEY}",
                where=where,
                hint=KEY_HINT,
            )
        return secret


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


def withheld_groups(sizes: Mapping[str, int], least: int, also: frozenset[str] = frozenset()) -> set[str]:
    """Groups whose figures must be left out, so that none of fewer than `least` customers can be known.

    A group below `least` is left out (primary suppression). With the figure of all groups together, what is left out
    follows by subtraction: so further groups are left out, smallest first, until at least two are, with `least`
    customers or more between them (secondary suppression; Hundepool et al., "Statistical Disclosure Control", Wiley
    2012, section 4.4). Empty groups have no figures and do not count.

    Args:
        sizes: customers of each group; a customer counts in one group.
        least: the smallest group that may be described.
        also: groups that are left out for another reason.
    """
    filled = {name: size for name, size in sizes.items() if size > 0}
    withheld = {name for name, size in filled.items() if size < least} | (also & filled.keys())
    if withheld:
        for name in sorted(filled.keys() - withheld, key=lambda name: (filled[name], name)):
            if len(withheld) > 1 and sum(filled[one] for one in withheld) >= least:
                break
            withheld.add(name)
    return withheld
