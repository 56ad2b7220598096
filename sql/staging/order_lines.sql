-- what: one row is one line of an order, cancellation or return, in the newest version known at the end of the as-of day
-- why: sources repeat lines and correct them; every amount to the right counts a line once and with one sign
-- grain: global
-- incremental: order_id, line_id
-- column order_id: order, invoice or basket [id]
-- column line_id: the line within the order [id]
-- column customer_id: the buyer; NULL for an anonymous sale [id]
-- column ordered_at: when it was ordered, cancelled or returned [date]
-- column product_id: product [id]
-- column product_name: product in words [category]
-- column category_name: product category [category]
-- column brand_name: brand or maker of the product [category]
-- column quantity: units; negative for returns and cancellations [unit=units]
-- column unit_price_amount: price of a unit [unit=currency]
-- column discount_amount: discount on the whole line; NULL where none is known [unit=currency]
-- column is_cancellation: the line cancels an earlier one; false where the source does not say [flag]
-- column is_product: false for postage, fees, vouchers; true where the source does not say [flag]
-- column channel_name: web, app, store, … [category]
-- column store_id: store [id]
-- column country_name: country of the order [category]
-- column is_return: a return or cancellation: negative quantity, or is_cancellation [flag]
-- column line_amount: the amount that the source gives, else quantity × price − discount, to 4 decimals; negative for returns, whose discount is given back too; without an amount of the source, 0 for quantity 0 [unit=currency]
-- column source_name: source of the workspace that the line is from [id]
WITH
visible AS (
    SELECT
        *,
        coalesce(quantity < 0 OR is_cancellation, FALSE) AS is_return,
        -- The product is rounded before the discount, of 4 decimals itself, comes off: DuckDB takes twenty times as long
        -- for decimals of 7.
        coalesce(
            CASE WHEN quantity < 0 OR is_cancellation THEN abs(line_amount) ELSE line_amount END,
            CAST(abs(quantity) * unit_price_amount AS DECIMAL(18, 4))
            - CASE WHEN quantity = 0 THEN 0 ELSE coalesce(discount_amount, 0) END
        ) AS size_amount
    FROM raw.order_lines
    WHERE ordered_at < {{ as_of_end }}
)

SELECT
    order_id,
    line_id,
    customer_id,
    ordered_at,
    product_id,
    product_name,
    category_name,
    brand_name,
    quantity,
    unit_price_amount,
    discount_amount,
    coalesce(is_cancellation, FALSE) AS is_cancellation,
    coalesce(is_product, TRUE) AS is_product,
    channel_name,
    store_id,
    country_name,
    is_return,
    CAST(CASE WHEN is_return THEN -size_amount ELSE size_amount END AS DECIMAL(18, 4)) AS line_amount,
    source_name
FROM visible
ANTI JOIN staging.superseded_order_lines USING (source_name, load_no, row_number)
