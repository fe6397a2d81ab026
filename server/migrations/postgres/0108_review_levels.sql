-- The levels that a verdict passes where the rules name more than one. Rows are only added; an open one is decided once.
CREATE TABLE review_levels (
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    step_no BIGINT NOT NULL,                       -- 1, 2, 3 … of this complaint
    level BIGINT NOT NULL CHECK (level >= 1),
    levels BIGINT NOT NULL,                        -- of the whole chain
    policy_version BIGINT NOT NULL,                -- the rules that name it
    category TEXT COLLATE "C" NOT NULL,                         -- the category of its chain
    name_zh TEXT COLLATE "C" NOT NULL,
    name_en TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('reviewer', 'lead')),
    unit TEXT COLLATE "C" NOT NULL,                             -- for which its judge works; empty: that of the complaint
    region TEXT COLLATE "C" NOT NULL,                           -- in which its judge works; empty: that of the complaint
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'passed', 'sent_back', 'void')),
    from_ms BIGINT NOT NULL,
    due_at_ms BIGINT NOT NULL,
    decided_at_ms BIGINT,                          -- NULL: it is open
    decided_by TEXT COLLATE "C" REFERENCES people (person_id),  -- NULL: it is open, or the work went on without it
    reason TEXT COLLATE "C",                                    -- why it was sent back
    PRIMARY KEY (complaint_id, step_no)
);
CREATE INDEX review_levels_open ON review_levels (due_at_ms, complaint_id) WHERE state = 'open';
