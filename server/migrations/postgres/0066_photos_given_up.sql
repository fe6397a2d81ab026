-- Photos that the office gave up: signed on site, and their bytes will never come. Kept also when they come after all.
CREATE TABLE photos_given_up (
    visit_id TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    declared_at_ms BIGINT NOT NULL,
    PRIMARY KEY (visit_id, sha256)
);

-- The list of envelopes without a verdict looks at those only.
CREATE INDEX envelope_states_waiting ON envelope_states (log_index) WHERE state = 'pending';
