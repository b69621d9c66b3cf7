-- Fees that were given back stay, because credits never change. So the rows are not checked again.
ALTER TABLE credit_lines DROP CONSTRAINT credit_lines_amounts_check;
ALTER TABLE credit_lines ADD CONSTRAINT credit_lines_amounts_check CHECK (
    subtotal >= 0 AND discount_amount >= 0 AND tax_amount >= 0 AND included_tax_amount >= 0
    AND 0 <= fee AND fee <= subtotal - discount_amount + tax_amount) NOT VALID;
ALTER TABLE credits DROP CONSTRAINT credits_amounts_check;
ALTER TABLE credits ADD CONSTRAINT credits_amounts_check CHECK (
    subtotal >= 0 AND discount_amount >= 0 AND tax_amount >= 0 AND included_tax_amount >= 0
    AND shipping_amount >= 0 AND fee >= 0
    AND shipping_tax_amount BETWEEN 0 AND tax_amount
    AND shipping_included_tax_amount BETWEEN 0 AND included_tax_amount) NOT VALID;

COMMENT ON COLUMN credits.fee IS 'The sum of the fees of the lines, which the buyer still owes.';
COMMENT ON COLUMN credit_lines.fee IS NULL;
