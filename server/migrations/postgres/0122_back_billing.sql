-- What a customer owes or gets back after a meter counted wrongly: proposals with their figures. Nothing is posted.
CREATE TABLE back_billing_proposals (
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    proposal_no BIGINT NOT NULL,
    from_day TEXT COLLATE "C" NOT NULL,                           -- first day that counts, YYYY-MM-DD
    until_day TEXT COLLATE "C" NOT NULL,                          -- last day
    check_id TEXT COLLATE "C",                                    -- the meter check that it rests on
    proposal TEXT COLLATE "C" NOT NULL,                           -- figures, rule and result, as JSON
    note TEXT COLLATE "C" NOT NULL,
    proposed_by TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    proposed_at_ms BIGINT NOT NULL,
    withdrawn_by TEXT COLLATE "C" REFERENCES people (person_id),
    withdrawn_at_ms BIGINT,
    withdrawn_reason TEXT COLLATE "C",
    PRIMARY KEY (complaint_id, proposal_no)
);
