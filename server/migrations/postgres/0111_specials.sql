-- Special complaints: what rules propose and people decide. Rows are never removed.
CREATE TABLE complaint_specials (
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('repeat', 'escalated', 'batch', 'major', 'focus')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('proposed', 'confirmed', 'dismissed', 'removed', 'lifted')),
    level BIGINT NOT NULL,                         -- 1; 2: it is brought before the lead
    signs_json TEXT COLLATE "C" NOT NULL,                       -- [{reason, number, word}] by which the rules propose it
    limits_json TEXT COLLATE "C" NOT NULL,                      -- sync_core::deadline::Limits from since_ms on, while confirmed
    review_json TEXT COLLATE "C",                               -- sync_core::deadline::ReviewLevel, while confirmed; NULL: none
    since_ms BIGINT NOT NULL,                      -- since when it stands like this
    by_person TEXT COLLATE "C" REFERENCES people (person_id),   -- who decided; NULL: the server
    PRIMARY KEY (complaint_id, kind)
);

-- What happened to a proposal, with the words that were said.
CREATE TABLE complaint_special_acts (
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    kind TEXT COLLATE "C" NOT NULL,
    act_no BIGINT NOT NULL,                        -- 1, 2, 3 …
    act TEXT COLLATE "C" NOT NULL CHECK (act IN ('proposed', 'raised', 'lifted', 'confirmed', 'dismissed', 'set', 'removed')),
    level BIGINT NOT NULL,
    words TEXT COLLATE "C",                                     -- NULL: nothing was said
    person_id TEXT COLLATE "C" REFERENCES people (person_id),   -- NULL: the server
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (complaint_id, kind, act_no)
);

-- Complaints at which the rules look again. A row for each cause, so that those who write never wait for one another.
CREATE TABLE special_due (
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    mark TEXT COLLATE "C" NOT NULL,
    at_ms BIGINT NOT NULL,                         -- not before
    PRIMARY KEY (complaint_id, mark)
);
CREATE INDEX special_due_by_time ON special_due (at_ms, complaint_id);

-- How a complaint is to be dealt with, and from whom it came, as the office decided.
CREATE TABLE complaint_paths (
    complaint_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES complaints (complaint_id),
    issue_type TEXT COLLATE "C" CHECK (issue_type IN ('policy', 'business', 'service', 'on_site', 'sensitive')), -- NULL: not said
    source TEXT COLLATE "C",                                    -- who passed it on; NULL: the customer came by themselves
    set_by TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    set_at_ms BIGINT NOT NULL
);

ALTER TABLE complaints ADD COLUMN special BIGINT NOT NULL DEFAULT 0; -- 1: proposed, 2: confirmed
CREATE INDEX complaints_special ON complaints (ordinal)
    WHERE special > 0 AND state NOT IN ('closed', 'withdrawn') AND merged_into IS NULL;
CREATE INDEX warning_reports_of_class ON warning_reports (class, day);
