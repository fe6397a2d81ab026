-- What a customer owes or gets back after a meter counted wrongly: proposals with their figures. Nothing is posted.
CREATE TABLE back_billing_proposals (
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    proposal_no INTEGER NOT NULL,
    from_day TEXT NOT NULL,                           -- first day that counts, YYYY-MM-DD
    until_day TEXT NOT NULL,                          -- last day
    check_id TEXT,                                    -- the meter check that it rests on
    proposal TEXT NOT NULL,                           -- figures, rule and result, as JSON
    note TEXT NOT NULL,
    proposed_by TEXT NOT NULL REFERENCES people (person_id),
    proposed_at_ms INTEGER NOT NULL,
    withdrawn_by TEXT REFERENCES people (person_id),
    withdrawn_at_ms INTEGER,
    withdrawn_reason TEXT,
    PRIMARY KEY (complaint_id, proposal_no)
) STRICT;
