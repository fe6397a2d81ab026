-- What is put right because of complaints. Written by the office; rows are never removed.
CREATE TABLE corrective_actions (
    action_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version >= 1),
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'effective', 'dropped')),
    title TEXT NOT NULL,                            -- what is to be put right
    category TEXT NOT NULL,                         -- with region: the complaints that are to become rarer
    region TEXT NOT NULL,
    unit TEXT NOT NULL,                             -- who answers for it; empty: not allotted
    owner TEXT NOT NULL REFERENCES people (person_id),
    due_at_ms INTEGER NOT NULL,                     -- end of the last day
    effect_days INTEGER NOT NULL CHECK (effect_days BETWEEN 1 AND 366), -- how long its effect is watched
    planned_at_ms INTEGER NOT NULL,
    planned_by TEXT NOT NULL REFERENCES people (person_id),
    done_at_ms INTEGER,                             -- NULL: not carried out
    done_by TEXT REFERENCES people (person_id),
    check_at_ms INTEGER,                            -- when its effect can be judged; NULL: not carried out
    over_at_ms INTEGER                              -- when it was found effective, or dropped; NULL: neither
) STRICT;
CREATE INDEX corrective_actions_due ON corrective_actions (due_at_ms, action_id) WHERE state = 'open';
CREATE INDEX corrective_actions_of_owner ON corrective_actions (owner, due_at_ms, action_id) WHERE state = 'open';
CREATE INDEX corrective_actions_to_check ON corrective_actions (check_at_ms, action_id) WHERE state = 'done';
CREATE INDEX corrective_actions_over ON corrective_actions (over_at_ms, action_id) WHERE over_at_ms IS NOT NULL;

-- The complaints because of which it is done.
CREATE TABLE corrective_action_complaints (
    action_id TEXT NOT NULL REFERENCES corrective_actions (action_id),
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    linked_at_ms INTEGER NOT NULL,
    linked_by TEXT NOT NULL REFERENCES people (person_id),
    PRIMARY KEY (action_id, complaint_id)
) STRICT;
CREATE INDEX corrective_actions_of_complaint ON corrective_action_complaints (complaint_id);

-- Everything that was done about it, with the words that were said.
CREATE TABLE corrective_action_acts (
    action_id TEXT NOT NULL REFERENCES corrective_actions (action_id),
    act_no INTEGER NOT NULL,                        -- 1, 2, 3 …
    act TEXT NOT NULL CHECK (act IN ('planned', 'linked', 'moved', 'done', 'effective', 'ineffective', 'dropped')),
    words TEXT,                                     -- what was said: evidence, finding or reason
    complaint_id TEXT REFERENCES complaints (complaint_id), -- which one was linked
    owner TEXT REFERENCES people (person_id),       -- who owns it from then on
    due_at_ms INTEGER,                              -- until when from then on
    person_id TEXT NOT NULL REFERENCES people (person_id),
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (action_id, act_no)
) STRICT;
