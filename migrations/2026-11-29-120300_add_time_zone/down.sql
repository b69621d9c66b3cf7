ALTER TABLE stores DROP COLUMN time_zone;
