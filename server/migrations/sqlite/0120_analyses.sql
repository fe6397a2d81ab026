-- Actions that rules plan: why, and acts that nobody did.
ALTER TABLE corrective_actions ADD COLUMN cause TEXT CHECK (cause IN ('similar')); -- NULL: somebody planned it

CREATE TABLE corrective_action_acts_new (
    action_id TEXT NOT NULL REFERENCES corrective_actions (action_id),
    act_no INTEGER NOT NULL,                        -- 1, 2, 3 …
    act TEXT NOT NULL CHECK (act IN ('planned', 'linked', 'moved', 'done', 'effective', 'ineffective', 'dropped')),
    words TEXT,                                     -- what was said: evidence, finding or reason
    complaint_id TEXT REFERENCES complaints (complaint_id), -- which one was linked
    owner TEXT REFERENCES people (person_id),       -- who owns it from then on
    due_at_ms INTEGER,                              -- until when from then on
    person_id TEXT REFERENCES people (person_id),   -- NULL: the server
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (action_id, act_no)
) STRICT;
INSERT INTO corrective_action_acts_new (action_id, act_no, act, words, complaint_id, owner, due_at_ms, person_id, at_ms)
    SELECT action_id, act_no, act, words, complaint_id, owner, due_at_ms, person_id, at_ms FROM corrective_action_acts;
DROP TABLE corrective_action_acts;
ALTER TABLE corrective_action_acts_new RENAME TO corrective_action_acts;
