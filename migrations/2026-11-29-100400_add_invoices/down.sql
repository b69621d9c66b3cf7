DROP TABLE invoice_counters;
DROP TABLE invoices;
UPDATE orders SET invoice_number = NULL WHERE invoice_number IS NOT NULL;
