-- Lists of what is to be done are read by what makes a complaint belong to them, however many others there are.
ALTER TABLE complaints ADD COLUMN crew BIGINT NOT NULL DEFAULT 0;   -- assignments to its visits that have not ended
UPDATE complaints SET crew = (SELECT count(*) FROM visit_plans v
    JOIN visit_assignments a ON a.visit_id = v.visit_id AND a.ended_at_ms IS NULL
    WHERE v.complaint_id = complaints.complaint_id);
CREATE INDEX complaints_unassigned ON complaints (ordinal)
    WHERE crew = 0 AND state NOT IN ('closed', 'withdrawn') AND merged_into IS NULL;
CREATE INDEX complaints_open_by_holder ON complaints (holder, ordinal)
    WHERE state NOT IN ('closed', 'withdrawn') AND merged_into IS NULL;

-- The deadline that binds next, as complaints::model::Complaint::next_deadline says; NULL: none.
ALTER TABLE complaints ADD COLUMN next_due_at_ms BIGINT GENERATED ALWAYS AS (least(
    CASE WHEN state IN ('received', 'accepted') THEN contact_due_at_ms END,
    CASE WHEN state IN ('received', 'accepted', 'assigned', 'rework', 'reopened') THEN onsite_due_at_ms END,
    CASE WHEN state IN ('received', 'accepted', 'assigned', 'investigated', 'reviewed', 'rework', 'reopened')
        THEN answer_due_at_ms END)) STORED;
CREATE INDEX complaints_due ON complaints (next_due_at_ms)
    WHERE state NOT IN ('closed', 'withdrawn') AND merged_into IS NULL;
