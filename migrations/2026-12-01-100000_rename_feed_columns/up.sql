ALTER TABLE feed RENAME COLUMN crossings TO status_events;
COMMENT ON COLUMN feed.status_events IS
    'The changes of stock statuses that the row caused, as events like those of the column events. They come after the '
    'movements. Null if there are none.';

ALTER TABLE feed_followers RENAME COLUMN books_checked_at TO verified_at;
COMMENT ON TABLE feed_followers IS
    'The position in the feed of each store up to which alerts and mails were written. Its lock lets one server at a time '
    'write them.';
COMMENT ON COLUMN feed_followers.verified_at IS 'The last check of the invariants for alerts. Null before the first one.';
