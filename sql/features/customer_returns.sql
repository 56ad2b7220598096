-- what: one row is what a customer has returned or cancelled
-- why: turnover that comes back is no value, and a rising return rate warns early
-- owner: data engineering
-- grain: customer
-- column customer_id: the company's own id of the customer [id]
-- column return_line_count: lines of returned or cancelled products [unit=lines; cumulative]
-- column return_line_share: return lines ÷ all product lines, bought and returned; NULL: no product lines [unit=share; range=0..1]
-- column returned_amount: amount of returned or cancelled products; below zero only where discounts given back are larger [unit=currency; cumulative]
-- column return_amount_share: returned_amount ÷ amount bought; 1 where more came back than was bought (bought before the data begins); NULL: no amount bought or returned [unit=share; range=0..1]
WITH
returned AS (
    SELECT
        customer_id,
        sum(purchase_line_count) AS purchase_line_count,
        sum(return_line_count) AS return_line_count,
        sum(gross_amount) AS gross_amount,
        sum(returned_amount) AS returned_amount
    FROM staging.orders
    GROUP BY customer_id
)

SELECT
    customer_id,
    CAST(coalesce(return_line_count, 0) AS BIGINT) AS return_line_count,
    CASE
        WHEN purchase_line_count + return_line_count > 0
            THEN return_line_count / (purchase_line_count + return_line_count)
    END AS return_line_share,
    CAST(coalesce(returned_amount, 0) AS DECIMAL(18, 4)) AS returned_amount,
    CASE
        WHEN returned_amount > 0 AND returned_amount >= gross_amount THEN 1
        WHEN gross_amount > 0 THEN greatest(returned_amount, 0) / gross_amount
    END AS return_amount_share
FROM staging.customers
LEFT JOIN returned USING (customer_id)
