ALTER TABLE stores ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';

COMMENT ON COLUMN stores.time_zone IS
    'A name of the IANA time zone database. The days and hours of reports are those of this zone.';
