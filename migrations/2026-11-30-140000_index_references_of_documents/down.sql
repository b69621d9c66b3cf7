DROP INDEX inbounds_reference_idx;
