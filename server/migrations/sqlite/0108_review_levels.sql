-- The levels that a verdict passes where the rules name more than one. Rows are only added; an open one is decided once.
CREATE TABLE review_levels (
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    step_no INTEGER NOT NULL,                       -- 1, 2, 3 … of this complaint
    level INTEGER NOT NULL CHECK (level >= 1),
    levels INTEGER NOT NULL,                        -- of the whole chain
    policy_version INTEGER NOT NULL,                -- the rules that name it
    category TEXT NOT NULL,                         -- the category of its chain
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('reviewer', 'lead')),
    unit TEXT NOT NULL,                             -- for which its judge works; empty: that of the complaint
    region TEXT NOT NULL,                           -- in which its judge works; empty: that of the complaint
    state TEXT NOT NULL CHECK (state IN ('open', 'passed', 'sent_back', 'void')),
    from_ms INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL,
    decided_at_ms INTEGER,                          -- NULL: it is open
    decided_by TEXT REFERENCES people (person_id),  -- NULL: it is open, or the work went on without it
    reason TEXT,                                    -- why it was sent back
    PRIMARY KEY (complaint_id, step_no)
) STRICT;
CREATE INDEX review_levels_open ON review_levels (due_at_ms, complaint_id) WHERE state = 'open';
