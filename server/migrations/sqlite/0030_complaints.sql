-- The central record of what a customer reported. Written by the office and by commands of devices, never by
-- documents. Customers' personal data live here and nowhere else.
CREATE TABLE complaints (
    complaint_id TEXT NOT NULL PRIMARY KEY,         -- minted here, or by the device that met it in the field
    ordinal INTEGER NOT NULL UNIQUE,                -- order of arrival, counter 'complaint'; key of pages and search
    number TEXT NOT NULL UNIQUE,                    -- C-YYYY-NNNN from complaint_numbers; never changes
    version INTEGER NOT NULL CHECK (version >= 1),  -- raised by every change of this row; the entity tag
    state TEXT NOT NULL CHECK (state IN ('received', 'accepted', 'assigned', 'investigated', 'reviewed', 'answered',
        'return_visited', 'closed', 'rework', 'reopened', 'withdrawn')),
    utility TEXT NOT NULL CHECK (utility IN ('power', 'gas', 'telecom', 'water')),
    category TEXT NOT NULL,                         -- code of sync_core::codes
    channel TEXT NOT NULL CHECK (channel IN ('phone', 'letter', 'counter', 'web', 'app', 'field', 'regulator',
        'other')),
    priority TEXT NOT NULL CHECK (priority IN ('normal', 'high', 'urgent')),
    summary TEXT NOT NULL,                          -- what the customer says
    remedy_sought TEXT,                             -- what the customer wants; NULL: not asked
    customer_number TEXT,                           -- text, since leading zeros count; NULL: unknown
    customer_name TEXT,                             -- NULL: not given
    customer_phone TEXT,                            -- as given; NULL: not given
    phone_digits TEXT,                              -- its last 11 digits, for finding duplicates
    address TEXT NOT NULL,
    address_folded TEXT NOT NULL,                   -- sync_core::search::index_text of it, for finding duplicates
    region TEXT NOT NULL,                           -- code of the region; scopes of office people name regions
    latitude TEXT,                                  -- WGS-84 degrees as decimal text; NULL: unknown
    longitude TEXT,
    meter_no TEXT,                                  -- number of the meter on record; NULL: none known
    meter_json TEXT,                                -- sync_core::protocol::CardMeter; NULL: none known
    first_owner TEXT NOT NULL,                      -- person who received it; never changes
    holder TEXT NOT NULL,                           -- the one person accountable now
    holder_since_ms INTEGER NOT NULL,
    opened_on_device TEXT,                          -- device of a complaint born in the field; NULL: office
    requested_at_ms INTEGER NOT NULL,               -- when the customer turned to us; typed or claimed
    received_at_ms INTEGER NOT NULL,                -- when it entered this record; time of the server
    contact_due_at_ms INTEGER,                      -- deadlines; NULL: none set
    onsite_due_at_ms INTEGER,
    answer_due_at_ms INTEGER,
    closed_at_ms INTEGER,                           -- NULL: open
    merged_into TEXT REFERENCES complaints (complaint_id) -- the survivor; NULL: stands for itself
) STRICT;
CREATE INDEX complaints_by_state ON complaints (state, ordinal);
CREATE INDEX complaints_by_holder ON complaints (holder, ordinal);
CREATE INDEX complaints_by_customer ON complaints (customer_number);
CREATE INDEX complaints_by_phone ON complaints (phone_digits);
CREATE INDEX complaints_by_meter ON complaints (meter_no);
CREATE INDEX complaints_by_address ON complaints (address_folded);
CREATE INDEX complaints_by_survivor ON complaints (merged_into);

-- Numbers of complaints within a year of the office's calendar.
CREATE TABLE complaint_numbers (
    year INTEGER NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL                          -- last number handed out
) STRICT;

-- Further numbers under which a complaint is found. An alias never moves to another complaint.
CREATE TABLE complaint_aliases (
    alias TEXT NOT NULL PRIMARY KEY,                -- for example the provisional number given in the field
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    kind TEXT NOT NULL CHECK (kind IN ('provisional', 'external')),
    added_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX complaint_aliases_by_complaint ON complaint_aliases (complaint_id);

-- Who changed which personal field when. Rows are only added; erasure empties old_value and new_value.
CREATE TABLE complaint_field_changes (
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    change_no INTEGER NOT NULL,                     -- 1, 2, 3 … of this complaint
    field TEXT NOT NULL,                            -- customer_phone, address …
    old_value TEXT,                                 -- NULL: was empty, or erased
    new_value TEXT,
    changed_by TEXT NOT NULL,
    changed_on_device TEXT,                         -- NULL: in the office
    changed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (complaint_id, change_no)
) STRICT;

-- What happened to a complaint, in order. Rows are only added.
CREATE TABLE complaint_events (
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    event_no INTEGER NOT NULL,                      -- 1, 2, 3 … of this complaint
    kind TEXT NOT NULL,                             -- complaints::model::EventKind
    state_from TEXT,                                -- NULL: no change of state
    state_to TEXT,
    person_id TEXT,                                 -- who acted; NULL: the server by itself
    device_id TEXT,                                 -- NULL: in the office
    visit_id TEXT,                                  -- the visit it is about; NULL: the complaint as a whole
    claimed_at_ms INTEGER,                          -- the device's word; NULL: in the office
    received_at_ms INTEGER NOT NULL,                -- time of the server
    reason TEXT,                                    -- what the person gave as reason; may be erased
    detail_json TEXT NOT NULL,                      -- further facts: ids, codes, figures
    PRIMARY KEY (complaint_id, event_no)
) STRICT;

-- What the search finds a complaint by: number, aliases, customer, address, summary, meter.
CREATE TABLE complaint_search (
    ordinal INTEGER NOT NULL PRIMARY KEY REFERENCES complaints (ordinal),
    indexed TEXT NOT NULL                           -- sync_core::search::index_text
) STRICT;
CREATE VIRTUAL TABLE complaint_search_fts
    USING fts5(indexed, content = 'complaint_search', content_rowid = 'ordinal', tokenize = 'unicode61');
CREATE TRIGGER complaint_search_added AFTER INSERT ON complaint_search BEGIN
    INSERT INTO complaint_search_fts (rowid, indexed) VALUES (new.ordinal, new.indexed);
END;
CREATE TRIGGER complaint_search_changed AFTER UPDATE ON complaint_search BEGIN
    INSERT INTO complaint_search_fts (complaint_search_fts, rowid, indexed)
        VALUES ('delete', old.ordinal, old.indexed);
    INSERT INTO complaint_search_fts (rowid, indexed) VALUES (new.ordinal, new.indexed);
END;

-- Two records of one matter, put together under the survivor. Rows are only added and marked as undone.
CREATE TABLE complaint_merges (
    merge_id TEXT NOT NULL PRIMARY KEY,
    survivor TEXT NOT NULL REFERENCES complaints (complaint_id),
    duplicate TEXT NOT NULL REFERENCES complaints (complaint_id),
    reason TEXT NOT NULL,
    fields_json TEXT NOT NULL,                      -- field → [value of the survivor before, value it took over]
    merged_by TEXT NOT NULL,
    merged_at_ms INTEGER NOT NULL,
    undone_by TEXT,                                 -- NULL: stands
    undone_at_ms INTEGER,
    undo_reason TEXT
) STRICT;
CREATE INDEX complaint_merges_by_survivor ON complaint_merges (survivor);
CREATE INDEX complaint_merges_by_duplicate ON complaint_merges (duplicate);

-- Answers to POST requests that carried an Idempotency-Key, kept for 48 hours.
CREATE TABLE idempotency_keys (
    person_id TEXT NOT NULL,
    key TEXT NOT NULL,                              -- as the client sent it, at most 128 characters
    request_sha256 TEXT NOT NULL,                   -- over method, path and body
    status INTEGER NOT NULL,
    location TEXT,                                  -- header of the answer; NULL: none
    etag TEXT,
    body TEXT NOT NULL,                             -- JSON of the answer; empty for none
    answered_at_ms INTEGER NOT NULL,
    PRIMARY KEY (person_id, key)
) STRICT;
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (answered_at_ms);
