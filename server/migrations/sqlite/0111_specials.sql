-- Special complaints: what rules propose and people decide. Rows are never removed.
CREATE TABLE complaint_specials (
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    kind TEXT NOT NULL CHECK (kind IN ('repeat', 'escalated', 'batch', 'major', 'focus')),
    state TEXT NOT NULL CHECK (state IN ('proposed', 'confirmed', 'dismissed', 'removed', 'lifted')),
    level INTEGER NOT NULL,                         -- 1; 2: it is brought before the lead
    signs_json TEXT NOT NULL,                       -- [{reason, number, word}] by which the rules propose it
    limits_json TEXT NOT NULL,                      -- sync_core::deadline::Limits from since_ms on, while confirmed
    review_json TEXT,                               -- sync_core::deadline::ReviewLevel, while confirmed; NULL: none
    since_ms INTEGER NOT NULL,                      -- since when it stands like this
    by_person TEXT REFERENCES people (person_id),   -- who decided; NULL: the server
    PRIMARY KEY (complaint_id, kind)
) STRICT;

-- What happened to a proposal, with the words that were said.
CREATE TABLE complaint_special_acts (
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    kind TEXT NOT NULL,
    act_no INTEGER NOT NULL,                        -- 1, 2, 3 …
    act TEXT NOT NULL CHECK (act IN ('proposed', 'raised', 'lifted', 'confirmed', 'dismissed', 'set', 'removed')),
    level INTEGER NOT NULL,
    words TEXT,                                     -- NULL: nothing was said
    person_id TEXT REFERENCES people (person_id),   -- NULL: the server
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (complaint_id, kind, act_no)
) STRICT;

-- Complaints at which the rules look again. A row for each cause, so that those who write never wait for one another.
CREATE TABLE special_due (
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    mark TEXT NOT NULL,
    at_ms INTEGER NOT NULL,                         -- not before
    PRIMARY KEY (complaint_id, mark)
) STRICT;
CREATE INDEX special_due_by_time ON special_due (at_ms, complaint_id);

-- How a complaint is to be dealt with, and from whom it came, as the office decided.
CREATE TABLE complaint_paths (
    complaint_id TEXT NOT NULL PRIMARY KEY REFERENCES complaints (complaint_id),
    issue_type TEXT CHECK (issue_type IN ('policy', 'business', 'service', 'on_site', 'sensitive')), -- NULL: not said
    source TEXT,                                    -- who passed it on; NULL: the customer came by themselves
    set_by TEXT NOT NULL REFERENCES people (person_id),
    set_at_ms INTEGER NOT NULL
) STRICT;

ALTER TABLE complaints ADD COLUMN special INTEGER NOT NULL DEFAULT 0; -- 1: proposed, 2: confirmed
CREATE INDEX complaints_special ON complaints (ordinal)
    WHERE special > 0 AND state NOT IN ('closed', 'withdrawn') AND merged_into IS NULL;
CREATE INDEX warning_reports_of_class ON warning_reports (class, day);
