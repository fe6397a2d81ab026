-- The version of the article that a promise rests on, and how it was put right when that version was superseded.
ALTER TABLE promise_deadlines ADD COLUMN article_id TEXT;          -- NULL: it rests on none
ALTER TABLE promise_deadlines ADD COLUMN article_version INTEGER;  -- the version that was read at the door
ALTER TABLE promise_deadlines ADD COLUMN stands_on INTEGER;        -- the version that it agrees with, as corrected
ALTER TABLE promise_deadlines ADD COLUMN corrected_at_ms INTEGER;  -- when it was corrected last; NULL: never
CREATE INDEX promise_deadlines_by_article ON promise_deadlines (article_id, stands_on) WHERE article_id IS NOT NULL;

-- What customers were told after the article of a promise was superseded. Rows are only added.
CREATE TABLE promise_corrections (
    visit_id TEXT NOT NULL,
    entry_id TEXT NOT NULL,                         -- the promise: its entry in the visit document
    correction_no INTEGER NOT NULL,                 -- 1, 2, 3 … of this promise
    from_version INTEGER NOT NULL,                  -- the version that it agreed with before
    to_version INTEGER NOT NULL,                    -- the version that it agrees with now; the same: the article was withdrawn
    words TEXT NOT NULL,                            -- what the customer was told, and how
    due_before_ms INTEGER NOT NULL,
    due_after_ms INTEGER NOT NULL,
    person_id TEXT NOT NULL REFERENCES people (person_id),
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (visit_id, entry_id, correction_no)
) STRICT;
CREATE INDEX promise_corrections_by_time ON promise_corrections (at_ms, visit_id, entry_id);
