DROP TABLE addresses;
DROP TABLE password_resets;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE stores;
