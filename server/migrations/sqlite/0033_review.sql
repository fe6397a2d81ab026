-- Verdicts of reviewers. Rows are only added; the newest counts.
CREATE TABLE review_verdicts (
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    verdict_no INTEGER NOT NULL,                    -- 1, 2, 3 … of this complaint
    verdict TEXT NOT NULL CHECK (verdict IN ('substantiated', 'partly', 'not_substantiated', 'undetermined')),
    cause TEXT,                                     -- code of the root cause; NULL: none found
    responsibility TEXT CHECK (responsibility IN ('utility', 'customer', 'third_party', 'force_majeure', 'none')),
    note TEXT NOT NULL,
    evidence_json TEXT NOT NULL,                    -- [{visit, entry}] that the verdict rests on
    blockers_json TEXT NOT NULL,                    -- what was open and overridden; [] normally
    override_reason TEXT,                           -- NULL: nothing was open
    reviewed_by TEXT NOT NULL,
    reviewed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (complaint_id, verdict_no)
) STRICT;

-- Work sent back to technicians.
CREATE TABLE rework_requests (
    rework_id TEXT NOT NULL PRIMARY KEY,
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    visit_id TEXT NOT NULL REFERENCES visit_plans (visit_id),
    reason TEXT NOT NULL,
    paths_json TEXT NOT NULL,                       -- paths of the fields to redo
    requested_by TEXT NOT NULL,
    requested_at_ms INTEGER NOT NULL,
    done_at_ms INTEGER                              -- when the visit was finished again; NULL: open
) STRICT;
CREATE INDEX rework_requests_by_visit ON rework_requests (visit_id);
