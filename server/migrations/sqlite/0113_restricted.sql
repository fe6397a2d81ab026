-- Who may read restricted findings: SQLite changes a check only by making the table anew.
CREATE TABLE person_roles_new (
    person_id TEXT NOT NULL REFERENCES people (person_id),
    role TEXT NOT NULL CHECK (role IN ('technician', 'clerk', 'reviewer', 'lead', 'administrator', 'expert', 'inspector')),
    unit TEXT NOT NULL,                             -- '' means every unit
    region TEXT NOT NULL,                           -- '' means every region
    PRIMARY KEY (person_id, role, unit, region)
) STRICT;
INSERT INTO person_roles_new (person_id, role, unit, region) SELECT person_id, role, unit, region FROM person_roles;
DROP TABLE person_roles;
ALTER TABLE person_roles_new RENAME TO person_roles;

-- Reports about the conduct of staff. What they say, which complaint they are about and whom they mean lies sealed.
CREATE TABLE restricted_findings (
    finding_id TEXT NOT NULL PRIMARY KEY,
    author_id TEXT NOT NULL REFERENCES people (person_id),
    device_id TEXT,                                 -- NULL: written in the office
    claimed_at_ms INTEGER NOT NULL,                 -- by the clock of the device or the office
    received_at_ms INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'upheld', 'dismissed', 'referred'))
) STRICT;
CREATE INDEX restricted_findings_by_arrival ON restricted_findings (received_at_ms, finding_id);

-- Who opened a restricted finding and what was decided about it. The server log holds a commitment to each row.
CREATE TABLE restricted_acts (
    finding_id TEXT NOT NULL REFERENCES restricted_findings (finding_id),
    act_no INTEGER NOT NULL,
    act TEXT NOT NULL CHECK (act IN ('opened', 'upheld', 'dismissed', 'referred')),
    person_id TEXT NOT NULL REFERENCES people (person_id),
    at_ms INTEGER NOT NULL,
    sealed BLOB,                                    -- the words of a decision
    salt BLOB NOT NULL,
    PRIMARY KEY (finding_id, act_no)
) STRICT;
