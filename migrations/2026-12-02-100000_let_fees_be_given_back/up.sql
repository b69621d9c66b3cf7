-- Staff can give back a fee that a return has cost. The fee of such a credit is less than 0, so that all fees of an item
-- add up to those that the buyer still owes.
ALTER TABLE credits DROP CONSTRAINT credits_amounts_check;
ALTER TABLE credits ADD CONSTRAINT credits_amounts_check CHECK (
    subtotal >= 0 AND discount_amount >= 0 AND tax_amount >= 0 AND included_tax_amount >= 0
    AND shipping_amount >= 0 AND (fee >= 0 OR kind = 'goodwill')
    AND shipping_tax_amount BETWEEN 0 AND tax_amount
    AND shipping_included_tax_amount BETWEEN 0 AND included_tax_amount);
ALTER TABLE credit_lines DROP CONSTRAINT credit_lines_amounts_check;
ALTER TABLE credit_lines ADD CONSTRAINT credit_lines_amounts_check CHECK (
    subtotal >= 0 AND discount_amount >= 0 AND tax_amount >= 0 AND included_tax_amount >= 0
    AND (fee >= 0 OR quantity = 0) AND fee <= subtotal - discount_amount + tax_amount);

COMMENT ON COLUMN credits.fee IS
    'The sum of the fees of the lines, which the buyer still owes. Less than 0 if the credit gives fees back.';
COMMENT ON COLUMN credit_lines.fee IS
    'The part of the shares that the buyer still owes. Less than 0 if the credit gives fees of earlier ones back.';
