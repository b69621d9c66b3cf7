DROP TABLE inbound_receipt_costs;

-- Purchase orders go. The units that they brought in stay in stock, with their movements.
DELETE FROM inbound_receipt_lines l USING inbound_receipts r, inbounds i
WHERE r.store_id = l.store_id AND r.id = l.receipt_id AND i.store_id = r.store_id AND i.id = r.inbound_id
  AND i.kind = 'purchase';
UPDATE inbound_receipts r SET reverses_id = NULL
FROM inbounds i WHERE i.store_id = r.store_id AND i.id = r.inbound_id AND i.kind = 'purchase';
DELETE FROM inbound_receipts r USING inbounds i
WHERE i.store_id = r.store_id AND i.id = r.inbound_id AND i.kind = 'purchase';
DELETE FROM inbound_lines n USING inbounds i
WHERE i.store_id = n.store_id AND i.id = n.inbound_id AND i.kind = 'purchase';
DELETE FROM inbound_history h USING inbounds i
WHERE i.store_id = h.store_id AND i.id = h.inbound_id AND i.kind = 'purchase';
DELETE FROM inbounds WHERE kind = 'purchase';

ALTER TABLE inbound_receipt_lines DROP COLUMN unit_cost, DROP COLUMN quarantined_quantity;
COMMENT ON COLUMN inbound_receipt_lines.over_quantity IS 'The units among them that were not sent.';

DROP INDEX inbound_lines_outstanding_idx;
ALTER TABLE inbound_lines DROP CONSTRAINT inbound_lines_identity_check;
ALTER TABLE inbound_lines DROP CONSTRAINT inbound_lines_counts_check;
ALTER TABLE inbound_lines DROP COLUMN cancelled_quantity, DROP COLUMN unit_cost, DROP COLUMN expected_on;
ALTER TABLE inbound_lines ADD CONSTRAINT inbound_lines_counts_check CHECK (0 <= LEAST(
    over_quantity, accepted_quantity, rejected_quantity, lost_quantity, returned_quantity, outstanding_quantity));
ALTER TABLE inbound_lines ADD CONSTRAINT inbound_lines_identity_check CHECK (
    sent_quantity + over_quantity = accepted_quantity + rejected_quantity + lost_quantity + returned_quantity
                                    + outstanding_quantity);
COMMENT ON COLUMN inbound_lines.sent_quantity IS 'The units that left the source. 0 until the document is sent.';
COMMENT ON COLUMN inbound_lines.over_quantity IS 'The units that arrived and were not sent.';
COMMENT ON COLUMN inbound_lines.rejected_quantity IS 'The units that arrived and are in quarantine.';
COMMENT ON COLUMN inbound_lines.outstanding_quantity IS 'The units on the road.';

DROP INDEX inbounds_open_idx;
DROP INDEX inbounds_supplier_idx;
ALTER TABLE inbounds DROP CONSTRAINT inbounds_supplier_check;
ALTER TABLE inbounds DROP COLUMN supplier_id;
ALTER TABLE inbounds DROP CONSTRAINT inbounds_status_check;
ALTER TABLE inbounds ADD CONSTRAINT inbounds_status_check CHECK (status IN (
    'draft', 'ready', 'in_transit', 'partially_received', 'received', 'cancelled'));
CREATE INDEX inbounds_open_idx ON inbounds (store_id, to_location_id, id)
    WHERE status IN ('ready', 'in_transit', 'partially_received');
COMMENT ON TABLE inbounds IS 'Documents of goods that arrive at a place: transfers from another place.';
COMMENT ON COLUMN inbounds.status IS
    'A function of the lines once units are sent: received if none are outstanding, in_transit if all are.';

DROP TABLE supplier_items;
DROP TABLE suppliers;
ALTER TABLE stores DROP COLUMN over_receipt_percent;
