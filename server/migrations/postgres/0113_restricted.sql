-- Who may read restricted findings.
ALTER TABLE person_roles DROP CONSTRAINT person_roles_role_check;
ALTER TABLE person_roles ADD CONSTRAINT person_roles_role_check
    CHECK (role IN ('technician', 'clerk', 'reviewer', 'lead', 'administrator', 'expert', 'inspector'));

-- Reports about the conduct of staff. What they say, which complaint they are about and whom they mean lies sealed.
CREATE TABLE restricted_findings (
    finding_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    author_id TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    device_id TEXT COLLATE "C",                     -- NULL: written in the office
    claimed_at_ms BIGINT NOT NULL,                  -- by the clock of the device or the office
    received_at_ms BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'upheld', 'dismissed', 'referred'))
);
CREATE INDEX restricted_findings_by_arrival ON restricted_findings (received_at_ms, finding_id);

-- Who opened a restricted finding and what was decided about it. The server log holds a commitment to each row.
CREATE TABLE restricted_acts (
    finding_id TEXT COLLATE "C" NOT NULL REFERENCES restricted_findings (finding_id),
    act_no BIGINT NOT NULL,
    act TEXT COLLATE "C" NOT NULL CHECK (act IN ('opened', 'upheld', 'dismissed', 'referred')),
    person_id TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    at_ms BIGINT NOT NULL,
    sealed BYTEA,                                   -- the words of a decision
    salt BYTEA NOT NULL,
    PRIMARY KEY (finding_id, act_no)
);
