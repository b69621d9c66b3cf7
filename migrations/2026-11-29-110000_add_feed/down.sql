DROP TABLE feed_positions;
DROP TABLE feed;
DROP TABLE outbox;
