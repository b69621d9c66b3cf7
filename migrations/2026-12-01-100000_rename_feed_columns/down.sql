ALTER TABLE feed_followers RENAME COLUMN verified_at TO books_checked_at;
ALTER TABLE feed RENAME COLUMN status_events TO crossings;
