-- Questions to expert seats, from the field or the desk, with their answers. Rows are never removed.
CREATE TABLE expert_requests (
    request_id TEXT NOT NULL PRIMARY KEY,           -- of the command that asked it, for a question from the field
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    visit_id TEXT,                                  -- on which it arose; NULL: at the desk
    version INTEGER NOT NULL CHECK (version >= 1),
    state TEXT NOT NULL CHECK (state IN ('open', 'taken', 'answered', 'withdrawn')),
    skill TEXT NOT NULL,                            -- code of a discipline
    skill_zh TEXT NOT NULL,                         -- its names when it was asked
    skill_en TEXT NOT NULL,
    question TEXT NOT NULL,
    asked_by TEXT NOT NULL REFERENCES people (person_id),
    device_id TEXT,                                 -- NULL: asked at the desk
    claimed_at_ms INTEGER,                          -- the device's word for when; NULL: asked at the desk
    received_at_ms INTEGER NOT NULL,                -- the limit is counted from here
    near_at_ms INTEGER NOT NULL,                    -- from when on it is near its deadline
    due_at_ms INTEGER NOT NULL,
    holder TEXT REFERENCES people (person_id),      -- who took it; NULL: nobody
    taken_at_ms INTEGER,
    answer TEXT,                                    -- NULL: not answered
    reason TEXT,                                    -- why it was withdrawn
    over_at_ms INTEGER,                             -- when it was answered or withdrawn; NULL: it waits
    over_by TEXT REFERENCES people (person_id)
) STRICT;
CREATE INDEX expert_requests_of_complaint ON expert_requests (complaint_id);
CREATE INDEX expert_requests_due ON expert_requests (due_at_ms, request_id) WHERE over_at_ms IS NULL;
CREATE INDEX expert_requests_over ON expert_requests (over_at_ms, request_id) WHERE over_at_ms IS NOT NULL;
