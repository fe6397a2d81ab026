-- What a person made of an envelope in escrow: it was taken up into the record, or stays evidence.
ALTER TABLE escrow_decisions ADD COLUMN outcome TEXT COLLATE "C" NOT NULL DEFAULT 'rejected'
    CHECK (outcome IN ('accepted', 'rejected'));
-- The record asks what lies in escrow about a visit.
CREATE INDEX escrow_by_visit ON escrow (visit_id);
