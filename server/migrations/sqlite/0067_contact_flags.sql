-- What is doubtful about the contact data of a complaint. Rows are only added and settled.
CREATE TABLE contact_flags (
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    flag_no INTEGER NOT NULL,                       -- 1, 2, 3 … of this complaint
    kind TEXT NOT NULL CHECK (kind IN ('missing', 'changed_on_visit', 'staff_number', 'shared_number')),
    field TEXT NOT NULL,                            -- customer_phone, address …; '': about no single field
    raised_by TEXT NOT NULL,                        -- whose act gave the reason
    raised_on_device TEXT,                          -- NULL: in the office
    raised_at_ms INTEGER NOT NULL,
    settled_at_ms INTEGER,                          -- NULL: open
    settled_by TEXT,                                -- NULL: open, or the data are in order by now
    settled_reason TEXT,                            -- may be erased
    PRIMARY KEY (complaint_id, flag_no)
) STRICT;
CREATE INDEX contact_flags_open ON contact_flags (complaint_id) WHERE settled_at_ms IS NULL;

-- Telephone of a person, to be found again where a customer's should stand.
ALTER TABLE people ADD COLUMN phone TEXT;           -- as given; NULL: not given
ALTER TABLE people ADD COLUMN phone_digits TEXT;    -- its last 11 digits
CREATE INDEX people_by_phone ON people (phone_digits);
