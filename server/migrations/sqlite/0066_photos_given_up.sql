-- Photos that the office gave up: signed on site, and their bytes will never come. Kept also when they come after all.
CREATE TABLE photos_given_up (
    visit_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    reason TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES people (person_id),
    declared_at_ms INTEGER NOT NULL,
    PRIMARY KEY (visit_id, sha256)
) STRICT;

-- The list of envelopes without a verdict looks at those only.
CREATE INDEX envelope_states_waiting ON envelope_states (log_index) WHERE state = 'pending';
