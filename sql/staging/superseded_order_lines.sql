-- what: one row is one raw order line that a newer version of the same line replaces, as known at the end of the as-of day
-- why: order_lines is raw without these; few keys repeat, and finding them first spares sorting all lines
-- grain: global
-- incremental: order_id, line_id
-- column source_name: source of the raw line [id]
-- column load_no: load of the raw line [id]
-- column row_number: row of the raw line in its file [id]
-- column order_id: order, invoice or basket [id]
-- column line_id: the line within the order [id]
WITH
visible AS NOT MATERIALIZED (
    SELECT *
    FROM raw.order_lines
    WHERE ordered_at < {{ as_of_end }}
),

-- One hash a row instead of the key keeps this small. Keys that share a hash by chance cost a little work and nothing
-- else: the window below goes by the keys themselves.
repeated AS (
    SELECT hash(order_id, line_id) AS key_hash
    FROM visible
    GROUP BY key_hash
    HAVING count(*) > 1
)

SELECT
    source_name,
    load_no,
    row_number,
    order_id,
    line_id
FROM visible
WHERE hash(order_id, line_id) IN (SELECT repeated.key_hash FROM repeated)
WINDOW
    newest_first AS (
        PARTITION BY order_id, line_id ORDER BY ordered_at DESC, load_no DESC, row_number DESC, source_name DESC
    )
QUALIFY row_number() OVER newest_first > 1
