DROP TABLE idempotency_keys;
DROP TABLE addresses;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE stores;
