"""Databases that sources are read from: `databases:` of the workspace.

Owns: what may be said there, and the parts of an address, of which the password is told nowhere. Does not own
connecting (`tasks/ingest/postgres.py`).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, model_validator

from tasks.config.errors import SourceError
from tasks.config.features import Strict, Text

SCHEME = "postgresql"
#: In which SQL queries are written, as SQLGlot calls it.
DIALECT = "postgres"
MASK = "***"
_HOSTS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:,]*)(:\d*)?(,(\[[0-9A-Fa-f:.]+\]|[^\[\]:,]*)(:\d*)?)*")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SECRETS = ("password", "sslpassword")
#: A server that is gone is noticed after about a minute, and not after the two hours of an operating system.
_UNLESS_SAID = {
    "connect_timeout": "10",
    "application_name": "resegment",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is.

    Attributes:
        url: as libpq takes it; not for people.
        hosts: host and port, or a list of them; empty: what the environment of libpq says.
        name: of the database.
        secrets: texts that are told nowhere, the longest first.
    """

    url: str = field(repr=False)
    hosts: str
    name: str
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def place(self) -> str:
        """Host and database, without user or password."""
        return f"{self.hosts or 'local'}/{self.name}"

    def masked(self, text: str) -> str:
        """A text without the address and its secrets."""
        for secret in (self.url, *self.secrets):
            text = text.replace(secret, MASK)
        return text


class Database(Strict):
    """A PostgreSQL database, as a URL such as postgresql://reader@db.example.com/crm."""

    url: Text | None = Field(default=None, description="the URL, where there is no password in it")
    url_env: Text | None = Field(default=None, description="the environment variable that holds the URL")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.url is None) == (self.url_env is None):
            message = "write either url or url_env; a URL with a password belongs in the environment"
            raise ValueError(message)
        if self.url is not None and parse_address(self.url).secrets:
            message = "url: there is a password in it; put the URL into an environment variable, and name it by url_env"
            raise ValueError(message)
        return self

    def address(self, where: str) -> Address:
        """The address.

        Args:
            where: the database stands in the workspace file.

        Raises:
            SourceError: the environment has none, or one that cannot be read.
        """
        url = self.url or os.environ.get(self.url_env or "")
        if not url:
            raise SourceError(
                f"the environment variable {self.url_env} is not set, which is to hold the URL of the database",
                where=where,
                hint=f"set {self.url_env}={SCHEME}://USER:PASSWORD@HOST/DATABASE for the process that runs this",
            )
        try:
            return parse_address(url)
        except ValueError as error:
            raise SourceError(
                f"the URL in the environment variable {self.url_env} cannot be used: {error}",
                where=where,
                hint=f"expected {SCHEME}://USER:PASSWORD@HOST:PORT/DATABASE",
            ) from None


def parse_address(url: str) -> Address:
    """Take a URL apart.

    Raises:
        ValueError: it is none of PostgreSQL; the message quotes nothing but the scheme.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or scheme != SCHEME:
        told = f"the scheme is {scheme!r}" if separator and scheme.isalnum() else "it has no scheme"
        message = f"{told}, expected {SCHEME}://; other databases are not read: export files from them"
        raise ValueError(message)
    parts = urlsplit(url)
    user_info, _, hosts = parts.netloc.rpartition("@")
    if "#" in url or _STRAY_PERCENT.search(url) or not _HOSTS.fullmatch(hosts) or "@" in parts.path:
        message = "it cannot be read; in user and password write @ as %40, : as %3A, / as %2F, # as %23, % as %25"
        raise ValueError(message)
    said = dict(parse_qsl(parts.query, keep_blank_values=True))
    written = [user_info.partition(":")[2], *(said.get(key, "") for key in _SECRETS)]
    secrets = {text for one in written for text in (one, unquote(one)) if text}
    more = "&".join(f"{key}={value}" for key, value in _UNLESS_SAID.items() if key not in said)
    return Address(
        f"{url}{'&' if parts.query else '' if url.endswith('?') else '?'}{more}",
        hosts or said.get("host", ""),
        unquote(parts.path.removeprefix("/")) or said.get("dbname", "") or unquote(user_info.partition(":")[0]),
        tuple(sorted(secrets, key=lambda one: (-len(one), one))),
    )
