"""What came to be known of each customer since the previous run: new events, late ones, another record.

Owns: `monitoring.customer_news`, from which the reason of a change is told (`sql/monitoring/change.sql`). Does not own
that reason.

An event is *new* where it happened after the previous run's as-of day. It is *late* where it happened on or before
that day and a run of then could not see it: it stands in a load that the previous run did not see, and no load that it
saw has the same row. A row that it saw and that is gone by now, because its file was delivered again without it, or
with other values, is late, too: the past is told otherwise than it was. What a run saw is what it was last confirmed by
(`tasks/warehouse/basis.py`): who moves after a confirmed date did not move by what that date has seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from tasks.config.entity import Entity
from tasks.warehouse import tables
from tasks.warehouse.basis import bases
from tasks.warehouse.catalogue import KEY, Catalogue
from tasks.warehouse.connection import identifier, literal
from tasks.warehouse.ledger import Publication
from tasks.warehouse.models import SqlModel
from tasks.warehouse.reading import PROFILE, events, is_profile
from tasks.warehouse.run import Run

TABLE = "monitoring.customer_news"
#: Columns with their meaning.
COLUMNS = {
    "customer_id": "the customer",
    "entity_name": "the entity that tells it, such as order_lines; profile: his record",
    "news_name": "new: it happened after the previous as-of day, or his record is another; late: it happened by then,"
    " and the previous run did not see it as it is known now",
    "event_count": "events; of order_lines the orders",
    "first_date": "day of the first of them; NULL: of a record",
    "last_date": "day of the last",
}
_NOBODY = (
    "SELECT NULL::VARCHAR AS customer_id, NULL::VARCHAR AS entity_name, NULL::VARCHAR AS news_name,"
    " NULL::BIGINT AS event_count, NULL::DATE AS first_date, NULL::DATE AS last_date WHERE false"
)
_PSEUDONYMS = "raw.pseudonym"
_SIDES = ("present", "past")


def write_news(run: Run, catalogue: Catalogue) -> int:
    """Write the news of a run; none on the first. Returns the number of rows."""
    selects = [_NOBODY]
    if run.previous is not None:
        past = run.previous
        selects += [_new(entity, past.as_of) for entity in events() if _is_staged(run, entity)]
        (basis,) = bases(run.warehouse, [past])
        if basis.loads is not None:
            selects += [
                _late(run, entity, past.as_of, source, now, then)
                for entity in events()
                for source, now, then in _loads_by_source(run, entity, set(basis.loads))
            ]
        selects += [_of_record(model, run, past) for model in catalogue.models if is_profile(model)]
    together = " UNION ALL ".join(selects)
    return tables.write_rows(
        run,
        TABLE,
        "SELECT customer_id, entity_name, news_name, CAST(sum(event_count) AS BIGINT) AS event_count,"
        f" min(first_date) AS first_date, max(last_date) AS last_date FROM ({together})"
        " GROUP BY customer_id, entity_name, news_name ORDER BY customer_id, entity_name, news_name",
    )


def _counted(entity: Entity, news: str, rows: str) -> str:
    moment = identifier(str(entity.event_time))
    what = f"DISTINCT {identifier(entity.occasion)}" if entity.occasion else "*"
    return (
        f"SELECT {KEY}, {literal(entity.name)} AS entity_name, {literal(news)} AS news_name,"
        f" count({what}) AS event_count, CAST(min({moment}) AS DATE) AS first_date,"
        f" CAST(max({moment}) AS DATE) AS last_date FROM ({rows}) WHERE {KEY} IS NOT NULL GROUP BY {KEY}"
    )


def _new(entity: Entity, past: dt.date) -> str:
    moment = identifier(str(entity.event_time))
    return _counted(
        entity, "new", f"SELECT * FROM staging.{identifier(entity.name)} WHERE CAST({moment} AS DATE) > {literal(past)}"
    )


def _is_staged(run: Run, entity: Entity) -> bool:
    return run.warehouse.table_exists(f"staging.{entity.name}")


def _loads_by_source(run: Run, entity: Entity, seen: set[int]) -> Iterator[tuple[str, set[int], set[int]]]:
    """Sources of an entity with the loads that this run sees and those that the earlier one saw, where they differ."""
    loads: dict[int, str] = dict(
        run.warehouse.rows("SELECT load_no, source_name FROM ops.load WHERE entity_name = $name", {"name": entity.name})
    )
    now = {number for _, number, _, name in run.visible_loads() if name == entity.name}
    then = seen & loads.keys()
    for source in sorted({loads[number] for number in now ^ then}):
        mine = {number for number, name in loads.items() if name == source}
        yield source, now & mine, then & mine


def _late(run: Run, entity: Entity, past: dt.date, source: str, now: set[int], then: set[int]) -> str:
    """Rows of the past that one of the two runs saw, and the other did not."""
    table = f"raw.{identifier(f'{source}__{entity.name}')}"
    columns = ", ".join(map(identifier, entity.column_names))
    moment = f"CAST({identifier(str(entity.event_time))} AS DATE) <= {literal(past)}"

    def rows(numbers: set[int]) -> str:
        return (
            f"SELECT {columns} FROM {table} WHERE load_no IN ({', '.join(map(str, sorted(numbers)))})"
            f" AND {moment} AND {KEY} IS NOT NULL"
        )

    def missed(ours: set[int], theirs: set[int]) -> str:
        if not theirs:
            return f"SELECT DISTINCT * FROM ({rows(ours)})"
        # Few customers have late rows: of theirs no others are looked at, or a run with little new would hash them all.
        return f"({rows(ours)}) EXCEPT ({rows(theirs)} AND {KEY} IN (SELECT {KEY} FROM ({rows(ours)})))"

    sides = [(now - then, then), (then - now, now)]
    either = " UNION ".join(f"({missed(ours, theirs)})" for ours, theirs in sides if ours)
    if run.workspace.privacy.pseudonymise:
        either = (
            f"SELECT known.pseudonym AS {KEY}, late.* EXCLUDE ({KEY}) FROM ({either}) AS late"
            f" JOIN {_PSEUDONYMS} AS known ON late.{KEY} = known.{KEY}"
        )
    return _counted(entity, "late", either)


def _of_record(model: SqlModel, run: Run, past: Publication) -> str:
    """Customers whose record says something else, but for what only grows older."""
    names = [
        column.name
        for column in model.columns
        if column.name != KEY and not column.is_calendar_driven and "birth_date" not in column.coarsens
    ]
    known = {name for name, _ in run.warehouse.columns(f"SELECT * FROM {model.name}")}
    compared = [identifier(name) for name in names if name in known]
    now, then = (f"ROW({', '.join([f'{side}.{name}' for name in compared] or ['NULL'])})" for side in _SIDES)
    return (
        f"SELECT present.{KEY}, {literal(PROFILE)} AS entity_name, 'new' AS news_name, 1 AS event_count,"
        " NULL::DATE AS first_date, NULL::DATE AS last_date"
        f" FROM (SELECT * FROM {model.name} WHERE run_id = {literal(run.run_id)}) AS present"
        f" JOIN (SELECT * FROM {model.name} WHERE run_id = {literal(past.run_id)}) AS past USING ({KEY})"
        f" WHERE {now} IS DISTINCT FROM {then}"
    )
