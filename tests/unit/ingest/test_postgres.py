"""What a real PostgreSQL database gives, and what it refuses, in our words."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pytest

from tasks.config.databases import parse_address
from tasks.config.errors import ConnectionLostError, SourceError
from tasks.ingest.postgres import snapshot, told
from tests.postgres_server import Server

#: Type, value, and what comes of it.
_TYPES = (
    ("numeric(9, 2)", "'1.50'", "1.50"),
    (
        "numeric",
        "'12345678901234567890123456789012345678901234567890.1'",
        "12345678901234567890123456789012345678901234567890.1",
    ),
    ("timestamp", "'2025-06-01 10:00'", dt.datetime(2025, 6, 1, 10)),
    ("timestamptz", "'2025-06-01 10:00+02'", dt.datetime(2025, 6, 1, 8, tzinfo=dt.UTC)),
    ("timestamptz", "'infinity'", None),
    ("date", "'2025-06-01'", dt.date(2025, 6, 1)),
    ("date", "'-infinity'", None),
    ("boolean", "true", True),
    ("json", """'{"a": 1}'""", '{"a": 1}'),
    ("jsonb", """'{"a":1}'""", '{"a": 1}'),
    ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ("int[]", "'{1,NULL}'", [1, None]),
    ("text[]", "'{a,b}'", ["a", "b"]),
    ("numeric[]", "'{1.5,2}'", "{1.5,2}"),
    ("uuid[]", "'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"),
    ("interval", "'1 month 2 days'", "1 mon 2 days"),
    ("money", "'1.50'", "1.50"),
    ("money[]", "'{1.50,NULL}'", "{1.50,NULL}"),
    ("timestamptz[]", "'{infinity,2025-06-01 10:00+02}'", [None, dt.datetime(2025, 6, 1, 8, tzinfo=dt.UTC)]),
    ("date[]", "'{-infinity,2025-06-01}'", [None, dt.date(2025, 6, 1)]),
    ("oid", "'4294967295'", "4294967295"),
    ("oid[]", "'{4294967295}'", "{4294967295}"),
    ("inet", "'10.0.0.1'", "10.0.0.1/32"),
    ("int4range", "'[1,3)'", "[1,3)"),
    ("timetz", "'10:00+02'", "10:00:00+02"),
    ("bytea", r"'\x00ff'", b"\x00\xff"),
    ("varchar(5)", "'Zoë'", "Zoë"),
    ("float8", "'1.25'", 1.25),
    ("text", "NULL", None),
)


@contextmanager
def rows_of(server: Server, query: str, since: str | None = None) -> Iterator[pa.RecordBatchReader]:
    with (
        snapshot(parse_address(server.url), "resegment.yaml:3", "resegment.yaml:7") as state,
        state.stream(query, since, None) as stream,
    ):
        yield stream.batches


def read(server: Server, query: str) -> list[dict[str, Any]]:
    with rows_of(server, query) as batches:
        rows: list[dict[str, Any]] = batches.read_all().to_pylist()
        return rows


def refusal(server: Server, query: str, since: str | None = None) -> str:
    with pytest.raises(SourceError) as caught, rows_of(server, query, since) as batches:
        batches.read_all()
    assert not isinstance(caught.value, ConnectionLostError)
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "value", "expected"), _TYPES, ids=[f"{kind} {value}"[:40] for kind, value, _ in _TYPES]
)
def test_values_come_as_what_they_are(kind: str, value: str, expected: object, postgres: Server) -> None:
    assert read(postgres, f"SELECT {value}::{kind} AS it") == [{"it": expected}]


def test_values_of_an_enumeration_come_as_texts(postgres: Server) -> None:
    postgres.run("DROP TYPE IF EXISTS mood", "CREATE TYPE mood AS ENUM ('glad', 'sad')")
    assert read(postgres, "SELECT 'sad'::mood AS it; -- with an end of its own") == [{"it": "sad"}]


def test_a_row_without_a_type_comes_as_text(postgres: Server) -> None:
    assert read(postgres, "SELECT ROW(1, 'a b') AS it, ARRAY[ROW(1, 2)] AS more") == [
        {"it": '(1,"a b")', "more": '{"(1,2)"}'}
    ]


def test_what_changes_something_is_refused_by_the_database_itself(postgres: Server) -> None:
    postgres.run("DROP TABLE IF EXISTS held", "CREATE TABLE held (id int)")
    postgres.run(
        "CREATE OR REPLACE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'INSERT INTO held VALUES (1) RETURNING id'"
    )
    for query in ("SELECT sneak() AS it", "SELECT nextval('counted') AS it"):
        postgres.run("CREATE SEQUENCE IF NOT EXISTS counted")
        assert "in a read-only transaction" in refusal(postgres, query)
    for query in (
        "WITH added AS (INSERT INTO held VALUES (1) RETURNING id) SELECT id FROM added",
        "SELECT 1 AS it; DELETE FROM held",
        "SELECT 1 AS it) AS pulled; DELETE FROM held; SELECT * FROM (SELECT 1",
        "SELECT set_config('transaction_read_only', 'off', true) AS it",
    ):
        refusal(postgres, query)
    assert postgres.run("SELECT count(*) FROM held") == [(0,)]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nope FROM pg_class", 'column "nope" does not exist'),
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT 1 AS a, 2 AS a", "several columns are called a"),
        ("SELECT 1 / 0 AS it", "division by zero"),
    ],
)
def test_errors_of_a_query_say_what_is_wrong(query: str, said: str, postgres: Server) -> None:
    text = refusal(postgres, query)
    assert said in text
    assert "resegment.yaml:7" in text
    assert "→" in text


@pytest.mark.parametrize("rows", [1, 300_000], ids=["at once", "after some batches"])
def test_errors_quote_no_value_of_a_row(rows: int, postgres: Server) -> None:
    query = (
        f"SELECT CASE WHEN g < {rows} THEN g ELSE ('anna' || g || '@example.com')::int END AS it"
        f" FROM generate_series(1, {rows}) g"
    )
    text = refusal(postgres, query)
    assert "example.com" not in text
    assert "invalid input syntax for type integer" in text
    assert "guard the expression" in text


def test_a_column_for_since_has_a_time(postgres: Server) -> None:
    query = "SELECT 1 AS id, now() AS changed"
    assert "since: 'id' is of type int4, expected a column of type timestamp" in refusal(postgres, query, "id")
    assert "since: 'chnged' is no column of the query" in refusal(postgres, query, "chnged")
    assert "the query has id, changed" in refusal(postgres, query, "chnged")


@pytest.mark.parametrize(
    ("pattern", "instead", "said", "is_lost"),
    [
        ("p%40ss", "wrong-secret", "password authentication failed", False),
        (":p%40ss[^@]*@", "@", "no password supplied", False),
        ("[a-z]+$", "nowhere", 'database "nowhere" does not exist', False),
        ("[a-z]+$", "postgres?sslmode=require", "server does not support SSL", False),
        (r":\d+/", ":1/", "Connection refused", True),
        (r"127.0.0.1", "no-such-host.invalid", "could not translate host name", True),
    ],
    ids=["password", "no password", "database", "encryption", "port", "host"],
)
def test_a_connection_that_fails_is_told_without_its_password(
    pattern: str, instead: str, said: str, is_lost: bool, postgres: Server
) -> None:
    address = parse_address(re.sub(pattern, instead, postgres.url))
    with pytest.raises(SourceError) as caught, snapshot(address, "resegment.yaml:3", "resegment.yaml:7"):
        pass
    text = str(caught.value) + repr(caught.value) + repr(address)
    assert isinstance(caught.value, ConnectionLostError) == is_lost
    assert said in text
    assert address.place in text
    assert "resegment.yaml:3" in text
    assert ("is the server up" if is_lost else "check user, password and database") in text
    assert not [secret for secret in ("p%40ss", "p@ss", "wrong-secret", address.url) if secret in text]
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("parameter", ["sslmode=verify-ful", "sslrootcer=ca.pem"])
def test_a_parameter_that_libpq_does_not_know_is_not_waited_for(parameter: str) -> None:
    address = parse_address(f"postgresql://me@127.0.0.1:1/crm?{parameter}")
    with pytest.raises(SourceError, match="correct the URL") as caught, snapshot(address, "a:3", "a:7"):
        pass
    assert not isinstance(caught.value, ConnectionLostError)


def test_a_certificate_that_is_not_trusted_is_no_matter_of_passwords() -> None:
    """The server of the tests has no TLS; these are the words of one that has (PostgreSQL 15)."""
    for said in (
        "SSL error: certificate verify failed",
        'server certificate for "localhost" (and 1 other name) does not match host name "127.0.0.1"',
        'root certificate file "/root/.postgresql/root.crt" does not exist',
    ):
        error = OSError(f'[libpq] Failed to connect: connection to server at "127.0.0.1", port 5432 failed: {said}')
        found = told(error, parse_address("postgresql://me@db/crm"), "a:3", refused="check user, password and database")
        assert not isinstance(found, ConnectionLostError)
        assert "write sslrootcert=FILE" in str(found)
        assert "password" not in str(found)


def test_a_query_that_a_limit_ends_is_not_called_one_of_wrong_values(postgres: Server) -> None:
    postgres.run("DROP ROLE IF EXISTS hasty", "CREATE ROLE hasty LOGIN PASSWORD 'x'")
    postgres.run("ALTER ROLE hasty SET statement_timeout = '300ms'")
    address = parse_address(re.sub("//.*@", "//hasty:x@", postgres.url))
    query = "SELECT g, pg_sleep(0.001) IS NULL AS it FROM generate_series(1, 3000) g"
    with (
        pytest.raises(ConnectionLostError) as caught,
        snapshot(address, "resegment.yaml:3", "resegment.yaml:7") as state,
        state.stream(query, None, None) as stream,
    ):
        stream.batches.read_all()
    assert "resegment.yaml:7" in str(caught.value)
    assert "canceling statement due to statement timeout" in str(caught.value)
    assert "raise statement_timeout" in str(caught.value)


def test_values_are_left_out_whatever_the_language_of_the_server() -> None:
    address = parse_address("postgresql://me@db/crm")
    said = "[libpq] Execution error [PGRES_FATAL_ERROR]: FEHLER:  ungültige Eingabesyntax für Typ integer: »anna«\n"
    assert "anna" not in str(told(OSError(said), address, "x"))


def test_a_session_that_the_server_ends_is_lost_and_no_row_is_to_blame() -> None:
    """What it says before it closes the connection may come in time, or not."""
    address = parse_address("postgresql://me@db/crm")
    end = "[libpq] Execution error [PGRES_FATAL_ERROR]: FATAL:  terminating connection due to administrator command\n"
    error = told(OSError(end), address, "x")
    assert isinstance(error, ConnectionLostError)
    assert "terminating connection" in error.message
    assert "is the server up" in str(error.hint)


def test_the_next_of_several_hosts_is_asked_where_one_does_not_answer(postgres: Server) -> None:
    url = postgres.url.replace("@127.0.0.1", "@127.0.0.1:1,127.0.0.1")
    with snapshot(parse_address(url), "resegment.yaml:3", "resegment.yaml:7") as state:
        assert abs(state.now - dt.datetime.now(dt.UTC).replace(tzinfo=None)) < dt.timedelta(minutes=1)


def test_what_quotes_the_address_is_masked() -> None:
    address = parse_address("postgresql://me:hush%20now@db/crm?sslpassword=key")
    error = told(OSError(f"[libpq] bad hush now, hush%20now, key, {address.url}"), address, "x")
    assert "hush" not in str(error)
    assert "key" not in str(error)
