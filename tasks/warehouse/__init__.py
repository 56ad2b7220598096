"""The one place that opens DuckDB: connections, SQL models, atomic writes, the run ledger."""
