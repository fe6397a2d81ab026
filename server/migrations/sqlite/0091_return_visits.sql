-- Asking the customer how it went. A row is planned when the visit that it checks is finished, or by hand; rows are
-- never removed. Written by the office; `waiting` and `void` rows only by the server itself.
CREATE TABLE return_visits (
    return_id TEXT NOT NULL PRIMARY KEY,            -- derived from what it checks
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    visit_id TEXT REFERENCES visit_plans (visit_id), -- the visit that is checked; NULL: it waits for one of order_id
    order_id TEXT REFERENCES work_orders (work_order_id), -- of a second return visit: the work that must be done first
    follows TEXT REFERENCES return_visits (return_id), -- the return visit that found a contradiction; NULL: the first
    version INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'open', 'done', 'waived', 'void')), -- void: asked too early
    method TEXT NOT NULL CHECK (method IN ('phone', 'door')),
    questions TEXT NOT NULL,                        -- code of the checklist with the questions
    policy_version INTEGER NOT NULL,                -- version of the rules
    rule INTEGER NOT NULL,                          -- number of the rule in them, from 1; 0: planned by hand
    completed_at_ms INTEGER,                        -- when the work was completed
    due_at_ms INTEGER,                              -- NULL: no limit so far
    provisional INTEGER NOT NULL CHECK (provisional IN (0, 1)), -- a calendar did not reach so far
    planned_at_ms INTEGER NOT NULL,
    appointment_from_ms INTEGER,                    -- promised to the customer; NULL: nothing was
    appointment_to_ms INTEGER,
    asked_later INTEGER NOT NULL CHECK (asked_later IN (0, 1)), -- the customer asked for another time
    holder TEXT REFERENCES people (person_id),      -- who asks; NULL: nobody so far
    calling_since_ms INTEGER,                       -- NULL: nobody is on the phone
    door_visit TEXT REFERENCES visit_plans (visit_id), -- the visit on which it is asked at the door
    done_at_ms INTEGER,                             -- when the customer had answered, or it was waived
    done_by TEXT REFERENCES people (person_id),
    record TEXT,                                    -- what the customer said, or why it was waived
    checked TEXT CHECK (checked IN ('agrees', 'contradicts')), -- NULL: the record has not arrived
    child_order TEXT REFERENCES work_orders (work_order_id) -- made because of the contradiction
) STRICT;
CREATE UNIQUE INDEX return_visits_open ON return_visits (visit_id) WHERE state = 'open';
CREATE INDEX return_visits_due ON return_visits (coalesce(due_at_ms, 9000000000000000), return_id) WHERE state = 'open';
CREATE INDEX return_visits_done ON return_visits (done_at_ms, return_id) WHERE state = 'done';
CREATE INDEX return_visits_of_visit ON return_visits (visit_id);
CREATE INDEX return_visits_of_complaint ON return_visits (complaint_id);
CREATE INDEX return_visits_at_door ON return_visits (door_visit) WHERE door_visit IS NOT NULL;
CREATE INDEX return_visits_awaited ON return_visits (order_id) WHERE state = 'waiting';
CREATE INDEX return_visits_provisional ON return_visits (return_id) WHERE provisional = 1 AND state = 'open';

-- What the customer answered on the phone; a changed answer is a further row.
CREATE TABLE return_answers (
    return_id TEXT NOT NULL REFERENCES return_visits (return_id),
    answer_no INTEGER NOT NULL,                     -- 1, 2, 3 …; the newest of a question counts
    question TEXT NOT NULL,                         -- code of the item
    answer_json TEXT NOT NULL,
    answered_at_ms INTEGER NOT NULL,
    seconds INTEGER NOT NULL,                       -- since the answer before, or the beginning of the call
    person_id TEXT NOT NULL REFERENCES people (person_id),
    PRIMARY KEY (return_id, answer_no)
) STRICT;

-- Calls in vain.
CREATE TABLE return_attempts (
    return_id TEXT NOT NULL REFERENCES return_visits (return_id),
    attempt_no INTEGER NOT NULL,                    -- 1, 2, 3 …
    outcome TEXT NOT NULL CHECK (outcome IN ('no_answer', 'inconvenient', 'wrong_number')),
    note TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    in_window INTEGER NOT NULL CHECK (in_window IN (0, 1)), -- the call began at an hour at which people like to be called
    next_from_ms INTEGER,                           -- the new appointment
    next_to_ms INTEGER,
    person_id TEXT NOT NULL REFERENCES people (person_id),
    PRIMARY KEY (return_id, attempt_no)
) STRICT;
