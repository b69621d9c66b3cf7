DROP TABLE mail_outbox;
DROP VIEW audit_entries;
DROP TABLE audit_log;
