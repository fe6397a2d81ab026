-- A report says itself who wrote it, and the server may not know them: its author is evidence, not a reference.
-- SQLite drops a reference only by making the table anew, and the table that refers to it with it.
CREATE TABLE restricted_findings_new (
    finding_id TEXT NOT NULL PRIMARY KEY,
    author_id TEXT NOT NULL,                        -- as the report says; perhaps nobody whom the server knows
    device_id TEXT,                                 -- NULL: written in the office
    claimed_at_ms INTEGER NOT NULL,                 -- by the clock of the device or the office
    received_at_ms INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'upheld', 'dismissed', 'referred'))
) STRICT;
CREATE TABLE restricted_acts_new (
    finding_id TEXT NOT NULL REFERENCES restricted_findings_new (finding_id),
    act_no INTEGER NOT NULL,
    act TEXT NOT NULL CHECK (act IN ('opened', 'upheld', 'dismissed', 'referred')),
    person_id TEXT NOT NULL REFERENCES people (person_id),
    at_ms INTEGER NOT NULL,
    sealed BLOB,                                    -- the words of a decision
    salt BLOB NOT NULL,
    PRIMARY KEY (finding_id, act_no)
) STRICT;
INSERT INTO restricted_findings_new (finding_id, author_id, device_id, claimed_at_ms, received_at_ms, sealed, state)
    SELECT finding_id, author_id, device_id, claimed_at_ms, received_at_ms, sealed, state FROM restricted_findings;
INSERT INTO restricted_acts_new (finding_id, act_no, act, person_id, at_ms, sealed, salt)
    SELECT finding_id, act_no, act, person_id, at_ms, sealed, salt FROM restricted_acts;
DROP TABLE restricted_acts;
DROP TABLE restricted_findings;
ALTER TABLE restricted_findings_new RENAME TO restricted_findings;
ALTER TABLE restricted_acts_new RENAME TO restricted_acts;
CREATE INDEX restricted_findings_by_arrival ON restricted_findings (received_at_ms, finding_id);

-- What kind of envelope it is ('' before it was noted): a report about conduct is not shown with what is kept aside.
ALTER TABLE escrow ADD COLUMN kind TEXT NOT NULL DEFAULT '';
