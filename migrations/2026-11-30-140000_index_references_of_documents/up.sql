-- Imports of purchase orders find orders by their references.
CREATE INDEX inbounds_reference_idx ON inbounds (store_id, reference) WHERE reference IS NOT NULL;
