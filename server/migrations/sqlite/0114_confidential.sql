-- Whether those who are sent must not learn who complains: 1 or 0.
ALTER TABLE complaints ADD COLUMN confidential INTEGER NOT NULL DEFAULT 0;
