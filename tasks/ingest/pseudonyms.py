"""The door between real customer ids and pseudonyms.

Owns: `raw.pseudonym`, which keeps the pseudonym of every customer id that `raw` holds. Does not own the hash
(`tasks/config/privacy.py`) or the views that put one in the place of the other (`raw_views.py`).

Real ids stay in `raw`, and so does this table: whoever sends a campaign needs the way back. The key is neither here nor
in any statement that DuckDB sees: ids are hashed in Python, each once. A hash in the views instead would stand there
with its key, on disk, and would be computed for every line of every query.
"""

from __future__ import annotations

import polars as pl

from tasks.config.entities import ENTITIES
from tasks.config.pseudonym import pseudonym
from tasks.warehouse.catalogue import KEY
from tasks.warehouse.connection import identifier
from tasks.warehouse.run import Run

TABLE = "raw.pseudonym"
#: Of this many ids Polars and Python hold a copy at once.
_IDS_AT_ONCE = 200_000


def keep_pseudonyms(run: Run) -> int:
    """Bring `raw.pseudonym` up to the loads that the run sees; returns how many ids were hashed.

    Raises:
        WorkspaceError: the key is missing or too short.
    """
    key, fingerprint = run.workspace.pseudonym_key(), run.workspace.key_fingerprint()
    if key is None:
        return 0
    _prepare(run, str(fingerprint))
    count = run.warehouse.execute(f"CREATE OR REPLACE TEMP TABLE unknown_id AS {_unknown_ids(run)}")
    for first in range(0, count, _IDS_AT_ONCE):
        ids = run.warehouse.frame(
            f"SELECT {KEY} FROM unknown_id WHERE rowid >= {first} AND rowid < {first + _IDS_AT_ONCE} ORDER BY rowid"
        ).get_column(KEY)
        made = pl.Series([pseudonym(key, customer) for customer in ids.to_list()], dtype=pl.String)
        frame = pl.DataFrame({KEY: ids, "pseudonym": made}).with_columns(key_fingerprint=pl.lit(fingerprint))
        with run.warehouse.registered("incoming_frame", frame):
            run.warehouse.execute(f"INSERT INTO {TABLE} SELECT * FROM incoming_frame")
    run.warehouse.execute("DROP TABLE unknown_id")
    return count


def _prepare(run: Run, fingerprint: str) -> None:
    """The table, empty where it holds pseudonyms of another key: nothing is published under that (`open_run`)."""
    if run.warehouse.table_exists(TABLE) and run.warehouse.value(
        f"SELECT count(*) FROM {TABLE} WHERE key_fingerprint <> $fingerprint", {"fingerprint": fingerprint}
    ):
        run.warehouse.execute(f"DROP TABLE {TABLE}")
    # The primary key lets DuckDB leave the join out of queries that ask for no customer.
    run.warehouse.execute(
        f"CREATE TABLE IF NOT EXISTS {TABLE} ({KEY} VARCHAR PRIMARY KEY, pseudonym VARCHAR, key_fingerprint VARCHAR)"
    )


def _unknown_ids(run: Run) -> str:
    """A SELECT of the ids of all loads that have no pseudonym yet."""
    loaded = sorted(
        {(source, entity) for _, _, source, entity in run.visible_loads() if KEY in ENTITIES[entity].column_names}
    )
    parts = [
        f"SELECT {KEY} FROM raw.{identifier(f'{source}__{entity}')} WHERE {KEY} IS NOT NULL"
        for source, entity in loaded
    ] or [f"SELECT CAST(NULL AS VARCHAR) AS {KEY} WHERE false"]
    return f"SELECT DISTINCT {KEY} FROM ({' UNION ALL '.join(parts)}) AS loaded ANTI JOIN {TABLE} USING ({KEY})"
