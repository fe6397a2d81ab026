-- Parts of a complaint that disciplines answer for. Written by the office; rows are never removed.
CREATE TABLE complaint_sections (
    section_id TEXT NOT NULL PRIMARY KEY,
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    version INTEGER NOT NULL CHECK (version >= 1),
    state TEXT NOT NULL CHECK (state IN ('open', 'signed_off', 'dropped')),
    discipline TEXT NOT NULL,                       -- a code of the rules of this version
    policy_version INTEGER NOT NULL,
    task TEXT NOT NULL,                             -- what is asked
    work TEXT NOT NULL,                             -- what was found and done; empty: nothing yet
    evidence_json TEXT NOT NULL,                    -- [{visit_id, entry_id}] that it rests on
    unit TEXT NOT NULL,                             -- who holds it; empty where nobody's roles name a unit
    held_since_ms INTEGER NOT NULL,
    within_json TEXT NOT NULL,                      -- sync_core::deadline::Limit, counted from held_since_ms
    due_at_ms INTEGER NOT NULL,
    provisional INTEGER NOT NULL,                   -- 1: the calendar did not reach so far
    opened_at_ms INTEGER NOT NULL,
    opened_by TEXT NOT NULL REFERENCES people (person_id),
    over_at_ms INTEGER,                             -- when it was signed off or dropped; NULL: it is open
    over_by TEXT REFERENCES people (person_id)
) STRICT;
CREATE INDEX complaint_sections_of_complaint ON complaint_sections (complaint_id);
CREATE INDEX complaint_sections_due ON complaint_sections (due_at_ms, section_id) WHERE state = 'open';
CREATE INDEX complaint_sections_over ON complaint_sections (over_at_ms, section_id) WHERE over_at_ms IS NOT NULL;
CREATE INDEX complaint_sections_provisional ON complaint_sections (section_id) WHERE provisional = 1;

-- Everything that was done about a section, with the words that were said.
CREATE TABLE complaint_section_acts (
    section_id TEXT NOT NULL REFERENCES complaint_sections (section_id),
    act_no INTEGER NOT NULL,                        -- 1, 2, 3 …
    act TEXT NOT NULL CHECK (act IN ('opened', 'worked', 'handed_over', 'signed_off', 'taken_back', 'dropped')),
    words TEXT,                                     -- task, work or reason
    unit TEXT,                                      -- who holds it from then on; NULL: as before
    due_at_ms INTEGER,                              -- until when from then on; NULL: as before
    person_id TEXT NOT NULL REFERENCES people (person_id),
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (section_id, act_no)
) STRICT;

-- The unit that answers for what was found, as the reviewer decided.
ALTER TABLE review_verdicts ADD COLUMN responsible_unit TEXT; -- NULL: not decided
