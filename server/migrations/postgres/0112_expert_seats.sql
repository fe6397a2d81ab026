-- Questions to expert seats, from the field or the desk, with their answers. Rows are never removed.
CREATE TABLE expert_requests (
    request_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,           -- of the command that asked it, for a question from the field
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    visit_id TEXT COLLATE "C",                                  -- on which it arose; NULL: at the desk
    version BIGINT NOT NULL CHECK (version >= 1),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'taken', 'answered', 'withdrawn')),
    skill TEXT COLLATE "C" NOT NULL,                            -- code of a discipline
    skill_zh TEXT COLLATE "C" NOT NULL,                         -- its names when it was asked
    skill_en TEXT COLLATE "C" NOT NULL,
    question TEXT COLLATE "C" NOT NULL,
    asked_by TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    device_id TEXT COLLATE "C",                                 -- NULL: asked at the desk
    claimed_at_ms BIGINT,                          -- the device's word for when; NULL: asked at the desk
    received_at_ms BIGINT NOT NULL,                -- the limit is counted from here
    near_at_ms BIGINT NOT NULL,                    -- from when on it is near its deadline
    due_at_ms BIGINT NOT NULL,
    holder TEXT COLLATE "C" REFERENCES people (person_id),      -- who took it; NULL: nobody
    taken_at_ms BIGINT,
    answer TEXT COLLATE "C",                                    -- NULL: not answered
    reason TEXT COLLATE "C",                                    -- why it was withdrawn
    over_at_ms BIGINT,                             -- when it was answered or withdrawn; NULL: it waits
    over_by TEXT COLLATE "C" REFERENCES people (person_id)
);
CREATE INDEX expert_requests_of_complaint ON expert_requests (complaint_id);
CREATE INDEX expert_requests_due ON expert_requests (due_at_ms, request_id) WHERE over_at_ms IS NULL;
CREATE INDEX expert_requests_over ON expert_requests (over_at_ms, request_id) WHERE over_at_ms IS NOT NULL;
