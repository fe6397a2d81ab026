-- What an accepted item did to its visit: the heads before and after it entered, 32 bytes each, sorted. NULL: it did not
-- enter. The contents are read from the document itself, so that nothing personal is kept twice.
ALTER TABLE quarantine ADD COLUMN heads_before BYTEA;
ALTER TABLE quarantine ADD COLUMN heads_after BYTEA;

-- What the office made of an envelope in escrow. It stays evidence; nothing of it enters a record.
CREATE TABLE escrow_decisions (
    envelope_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    decided_by TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    decided_at_ms BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL
);
