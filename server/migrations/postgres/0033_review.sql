-- Verdicts of reviewers. Rows are only added; the newest counts.
CREATE TABLE review_verdicts (
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    verdict_no BIGINT NOT NULL,                     -- 1, 2, 3 … of this complaint
    verdict TEXT COLLATE "C" NOT NULL CHECK (verdict IN ('substantiated', 'partly', 'not_substantiated', 'undetermined')),
    cause TEXT COLLATE "C",                         -- code of the root cause; NULL: none found
    responsibility TEXT COLLATE "C" CHECK (responsibility IN ('utility', 'customer', 'third_party', 'force_majeure', 'none')),
    note TEXT COLLATE "C" NOT NULL,
    evidence_json TEXT COLLATE "C" NOT NULL,        -- [{visit, entry}] that the verdict rests on
    blockers_json TEXT COLLATE "C" NOT NULL,        -- what was open and overridden; [] normally
    override_reason TEXT COLLATE "C",               -- NULL: nothing was open
    reviewed_by TEXT COLLATE "C" NOT NULL,
    reviewed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (complaint_id, verdict_no)
);

-- Work sent back to technicians.
CREATE TABLE rework_requests (
    rework_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    visit_id TEXT COLLATE "C" NOT NULL REFERENCES visit_plans (visit_id),
    reason TEXT COLLATE "C" NOT NULL,
    paths_json TEXT COLLATE "C" NOT NULL,           -- paths of the fields to redo
    requested_by TEXT COLLATE "C" NOT NULL,
    requested_at_ms BIGINT NOT NULL,
    done_at_ms BIGINT                               -- when the visit was finished again; NULL: open
);
CREATE INDEX rework_requests_by_visit ON rework_requests (visit_id);
