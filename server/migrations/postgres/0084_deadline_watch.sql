-- What must have happened until when, and how loudly it was said. One row for each step of a complaint; the row of
-- `state` says how long it may stay where it is.
CREATE TABLE deadline_steps (
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    step TEXT COLLATE "C" NOT NULL CHECK (step IN ('contact', 'onsite', 'answer', 'state')),
    about TEXT COLLATE "C" NOT NULL,                            -- of the step 'state': the state; of others empty
    from_ms BIGINT NOT NULL,                       -- when its time began to run
    due_at_ms BIGINT,                              -- NULL: its clock stands
    stopped_at_ms BIGINT,                          -- when it happened, or was needed no more; NULL: it is open
    level BIGINT NOT NULL,                         -- 0 quiet, 1 near, 2 missed, one more for each escalation
    next_at_ms BIGINT,                             -- when the level rises next; NULL: never, or not as things stand
    PRIMARY KEY (complaint_id, step)
);
CREATE INDEX deadline_steps_next ON deadline_steps (next_at_ms) WHERE next_at_ms IS NOT NULL;
CREATE INDEX deadline_steps_raised ON deadline_steps (due_at_ms, complaint_id, step)
    WHERE level > 0 AND stopped_at_ms IS NULL;

-- A complaint that was taken up again counts its limits from then on.
ALTER TABLE complaint_clocks ADD COLUMN started_at_ms BIGINT; -- NULL: when the customer turned to us

-- Visits that somebody still has to make.
CREATE INDEX visit_plans_open ON visit_plans (planned_on, visit_id)
    WHERE state IN ('planned', 'accepted', 'on_site', 'rework');
