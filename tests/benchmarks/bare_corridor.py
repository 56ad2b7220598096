"""The peer of the corridor: the same features, clusters and overlap as one script in one DuckDB connection.

What somebody would write in an afternoon: no checks, no quarantine, no history, no report, no publication that survives
a kill. Prints seconds by step as JSON. Run by `corridor.py` in a process of its own.
"""

from __future__ import annotations

import json
import sys
import time

import duckdb
import numpy as np

AS_OF = "DATE '2025-06-30'"
END = "TIMESTAMP '2025-07-01'"
AMOUNT = "CAST(quantity * unit_price_amount AS DECIMAL(18, 4))"

LINES = f"""
CREATE TABLE lines AS
SELECT order_id, line_id, customer_id, ordered_at::TIMESTAMP AS ordered_at, product_id, category_name,
    quantity::DECIMAL(18, 3) AS quantity, unit_price::DECIMAL(18, 4) AS unit_price_amount, channel_name, country_name
FROM read_parquet($path) WHERE ordered_at < {END}
"""

FEATURES = [
    f"""
CREATE TABLE orders AS SELECT customer_id, order_id, min(ordered_at) AS ordered_at, min(ordered_at)::DATE AS order_date,
    count(*) FILTER (quantity >= 0) AS n, count(*) FILTER (quantity < 0) AS rn,
    sum(quantity) FILTER (quantity >= 0) AS units, sum({AMOUNT}) FILTER (quantity >= 0) AS gross,
    -sum({AMOUNT}) FILTER (quantity < 0) AS ret, min(channel_name) AS channel_name, min(country_name) AS country_name
FROM lines GROUP BY 1, 2""",
    f"""
CREATE TABLE f_value AS SELECT customer_id, {AS_OF} - max(order_date) FILTER (n > 0) AS recency_days,
    {AS_OF} - min(order_date) FILTER (n > 0) AS tenure_days, count(*) FILTER (n > 0) AS order_count,
    sum(coalesce(gross, 0) - coalesce(ret, 0)) AS net_amount,
    sum(gross) / nullif(count(*) FILTER (n > 0), 0) AS average_order_amount, sum(units) AS unit_count,
    count(*) FILTER (n > 0 AND order_date > {AS_OF} - 30) AS o30,
    count(*) FILTER (n > 0 AND order_date > {AS_OF} - 90) AS o90,
    count(*) FILTER (n > 0 AND order_date > {AS_OF} - 365) AS o365,
    sum(coalesce(gross, 0) - coalesce(ret, 0)) FILTER (order_date > {AS_OF} - 30) AS n30,
    sum(coalesce(gross, 0) - coalesce(ret, 0)) FILTER (order_date > {AS_OF} - 90) AS n90,
    sum(coalesce(gross, 0) - coalesce(ret, 0)) FILTER (order_date > {AS_OF} - 365) AS n365,
    sum(rn) AS return_line_count, sum(rn) / nullif(sum(n) + sum(rn), 0) AS return_line_share, sum(ret) AS returned,
    sum(n) / nullif(count(*) FILTER (n > 0), 0) AS lines_per_order,
    sum(units) / nullif(count(*) FILTER (n > 0), 0) AS units_per_order,
    count(DISTINCT channel_name) AS channel_count, mode(channel_name) AS top_channel,
    mode(CASE WHEN hour(ordered_at) < 11 THEN 'm' WHEN hour(ordered_at) < 15 THEN 'l' WHEN hour(ordered_at) < 17
        THEN 'a' WHEN hour(ordered_at) < 22 THEN 'd' ELSE 'n' END) AS top_daypart,
    avg((isodow(order_date) >= 6)::INT) FILTER (n > 0) AS weekend,
    avg((month(order_date) = 12)::INT) FILTER (n > 0) AS december,
    mode(country_name) AS country, count(DISTINCT country_name) > 1 AS multi_country
FROM orders GROUP BY 1""",
    """
CREATE TABLE f_cadence AS SELECT customer_id, count(*) AS days, avg(gap) AS mean, median(gap) AS median,
    stddev(gap) AS std, arg_max(gap, order_date) AS last_gap
FROM (SELECT customer_id, order_date,
        order_date - lag(order_date) OVER (PARTITION BY customer_id ORDER BY order_date) AS gap
    FROM (SELECT DISTINCT customer_id, order_date FROM orders WHERE n > 0)) GROUP BY 1""",
    f"""
CREATE TABLE f_category AS SELECT customer_id, count(*) AS category_count, arg_max(category_name, amount) AS top,
    max(amount) / nullif(sum(amount), 0) AS share,
    -sum(CASE WHEN amount > 0 THEN amount / t * log2(amount / t) END) AS entropy
FROM (SELECT *, sum(amount) OVER (PARTITION BY customer_id) AS t
    FROM (SELECT customer_id, category_name, sum({AMOUNT}) AS amount FROM lines WHERE quantity >= 0 GROUP BY 1, 2))
GROUP BY 1""",
    (
        "CREATE TABLE f_product AS SELECT customer_id, count(DISTINCT product_id) AS product_count FROM lines"
        " WHERE quantity >= 0 GROUP BY 1"
    ),
    (
        "CREATE TABLE features AS SELECT * FROM f_value JOIN f_cadence USING (customer_id)"
        " JOIN f_category USING (customer_id) JOIN f_product USING (customer_id)"
    ),
]

SEGMENTS = """
CREATE TABLE membership AS
WITH scored AS (
    SELECT customer_id, 6 - ntile(5) OVER (ORDER BY recency_days) AS r, ntile(5) OVER (ORDER BY order_count) AS f
    FROM features)
SELECT customer_id, 'rfm' || r || f AS segment_id FROM scored
UNION ALL SELECT customer_id, CASE WHEN tenure_days <= 30 THEN 'new' WHEN recency_days <= 60 THEN 'active'
    WHEN recency_days <= 120 THEN 'cooling' ELSE 'lapsed' END FROM features
UNION ALL SELECT customer_id, coalesce(country, 'unknown') FROM features
UNION ALL SELECT customer_id, 'c' || label FROM clusters
"""
OVERLAP = """
CREATE TABLE overlap AS SELECT a.segment_id AS a, b.segment_id AS b, count(*) AS n
FROM membership AS a JOIN membership AS b ON a.customer_id = b.customer_id AND a.segment_id < b.segment_id GROUP BY 1, 2
"""
CLUSTERED = ["recency_days", "order_count", "net_amount", "average_order_amount", "product_count", "units_per_order"]


def cluster(connection: duckdb.DuckDBPyConnection, k: int) -> None:
    """Power transform, k-means on a sample of 100,000, everybody assigned; k is given."""
    import polars as pl
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import PowerTransformer

    frame = connection.sql(f"SELECT customer_id, {', '.join(CLUSTERED)} FROM features").pl()
    values = frame.select(CLUSTERED).cast(pl.Float64).fill_null(0.0).to_numpy()
    sample = values[np.random.default_rng(0).permutation(len(values))[:100_000]]
    transform = PowerTransformer().fit(sample)
    model = KMeans(k, n_init=10, random_state=0).fit(transform.transform(sample))
    labelled = frame.select("customer_id").with_columns(label=pl.Series(model.predict(transform.transform(values))))
    connection.register("labelled", labelled.to_arrow())
    connection.execute("CREATE TABLE clusters AS SELECT * FROM labelled")


def main(path: str, database: str, memory_limit: str, k: int) -> None:
    """Run every step and print its seconds."""
    connection = duckdb.connect(database, config={"memory_limit": memory_limit})
    seconds: dict[str, float] = {}
    last = time.monotonic()

    def lap(name: str) -> None:
        nonlocal last
        seconds[name] = round(time.monotonic() - last, 2)
        last = time.monotonic()

    connection.execute(LINES, {"path": path})
    lap("load")
    for statement in FEATURES:
        connection.execute(statement)
    lap("features")
    cluster(connection, k)
    lap("clusters")
    connection.execute(SEGMENTS)
    connection.execute(OVERLAP)
    lap("membership and overlap")
    sys.stdout.write(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
