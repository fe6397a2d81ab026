-- The central record of what a customer reported. Written by the office and by commands of devices, never by
-- documents. Customers' personal data live here and nowhere else.
CREATE TABLE complaints (
    complaint_id TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- minted here, or by the device that met it in the field
    ordinal BIGINT NOT NULL UNIQUE,                 -- order of arrival, counter 'complaint'; key of pages and search
    number TEXT COLLATE "C" NOT NULL UNIQUE,        -- C-YYYY-NNNN from complaint_numbers; never changes
    version BIGINT NOT NULL CHECK (version >= 1),   -- raised by every change of this row; the entity tag
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('received', 'accepted', 'assigned', 'investigated', 'reviewed', 'answered',
        'return_visited', 'closed', 'rework', 'reopened', 'withdrawn')),
    utility TEXT COLLATE "C" NOT NULL CHECK (utility IN ('power', 'gas', 'telecom', 'water')),
    category TEXT COLLATE "C" NOT NULL,             -- code of sync_core::codes
    channel TEXT COLLATE "C" NOT NULL CHECK (channel IN ('phone', 'letter', 'counter', 'web', 'app', 'field', 'regulator',
        'other')),
    priority TEXT COLLATE "C" NOT NULL CHECK (priority IN ('normal', 'high', 'urgent')),
    summary TEXT COLLATE "C" NOT NULL,              -- what the customer says
    remedy_sought TEXT COLLATE "C",                 -- what the customer wants; NULL: not asked
    customer_number TEXT COLLATE "C",               -- text, since leading zeros count; NULL: unknown
    customer_name TEXT COLLATE "C",                 -- NULL: not given
    customer_phone TEXT COLLATE "C",                -- as given; NULL: not given
    phone_digits TEXT COLLATE "C",                  -- its last 11 digits, for finding duplicates
    address TEXT COLLATE "C" NOT NULL,
    address_folded TEXT COLLATE "C" NOT NULL,       -- sync_core::search::index_text of it, for finding duplicates
    region TEXT COLLATE "C" NOT NULL,               -- code of the region; scopes of office people name regions
    latitude TEXT COLLATE "C",                      -- WGS-84 degrees as decimal text; NULL: unknown
    longitude TEXT COLLATE "C",
    meter_no TEXT COLLATE "C",                      -- number of the meter on record; NULL: none known
    meter_json TEXT COLLATE "C",                    -- sync_core::protocol::CardMeter; NULL: none known
    first_owner TEXT COLLATE "C" NOT NULL,          -- person who received it; never changes
    holder TEXT COLLATE "C" NOT NULL,               -- the one person accountable now
    holder_since_ms BIGINT NOT NULL,
    opened_on_device TEXT COLLATE "C",              -- device of a complaint born in the field; NULL: office
    requested_at_ms BIGINT NOT NULL,                -- when the customer turned to us; typed or claimed
    received_at_ms BIGINT NOT NULL,                 -- when it entered this record; time of the server
    contact_due_at_ms BIGINT,                       -- deadlines; NULL: none set
    onsite_due_at_ms BIGINT,
    answer_due_at_ms BIGINT,
    closed_at_ms BIGINT,                            -- NULL: open
    merged_into TEXT COLLATE "C" REFERENCES complaints (complaint_id) -- the survivor; NULL: stands for itself
);
CREATE INDEX complaints_by_state ON complaints (state, ordinal);
CREATE INDEX complaints_by_holder ON complaints (holder, ordinal);
CREATE INDEX complaints_by_customer ON complaints (customer_number);
CREATE INDEX complaints_by_phone ON complaints (phone_digits);
CREATE INDEX complaints_by_meter ON complaints (meter_no);
CREATE INDEX complaints_by_address ON complaints (address_folded);
CREATE INDEX complaints_by_survivor ON complaints (merged_into);

-- Numbers of complaints within a year of the office's calendar.
CREATE TABLE complaint_numbers (
    year BIGINT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL                           -- last number handed out
);

-- Further numbers under which a complaint is found. An alias never moves to another complaint.
CREATE TABLE complaint_aliases (
    alias TEXT COLLATE "C" NOT NULL PRIMARY KEY,    -- for example the provisional number given in the field
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('provisional', 'external')),
    added_at_ms BIGINT NOT NULL
);
CREATE INDEX complaint_aliases_by_complaint ON complaint_aliases (complaint_id);

-- Who changed which personal field when. Rows are only added; erasure empties old_value and new_value.
CREATE TABLE complaint_field_changes (
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    change_no BIGINT NOT NULL,                      -- 1, 2, 3 … of this complaint
    field TEXT COLLATE "C" NOT NULL,                -- customer_phone, address …
    old_value TEXT COLLATE "C",                     -- NULL: was empty, or erased
    new_value TEXT COLLATE "C",
    changed_by TEXT COLLATE "C" NOT NULL,
    changed_on_device TEXT COLLATE "C",             -- NULL: in the office
    changed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (complaint_id, change_no)
);

-- What happened to a complaint, in order. Rows are only added.
CREATE TABLE complaint_events (
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    event_no BIGINT NOT NULL,                       -- 1, 2, 3 … of this complaint
    kind TEXT COLLATE "C" NOT NULL,                 -- complaints::model::EventKind
    state_from TEXT COLLATE "C",                    -- NULL: no change of state
    state_to TEXT COLLATE "C",
    person_id TEXT COLLATE "C",                     -- who acted; NULL: the server by itself
    device_id TEXT COLLATE "C",                     -- NULL: in the office
    visit_id TEXT COLLATE "C",                      -- the visit it is about; NULL: the complaint as a whole
    claimed_at_ms BIGINT,                           -- the device's word; NULL: in the office
    received_at_ms BIGINT NOT NULL,                 -- time of the server
    reason TEXT COLLATE "C",                        -- what the person gave as reason; may be erased
    detail_json TEXT COLLATE "C" NOT NULL,          -- further facts: ids, codes, figures
    PRIMARY KEY (complaint_id, event_no)
);

-- What the search finds a complaint by: number, aliases, customer, address, summary, meter.
CREATE TABLE complaint_search (
    ordinal BIGINT NOT NULL PRIMARY KEY REFERENCES complaints (ordinal),
    indexed TEXT COLLATE "C" NOT NULL               -- sync_core::search::index_text
);

-- Two records of one matter, put together under the survivor. Rows are only added and marked as undone.
CREATE TABLE complaint_merges (
    merge_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    survivor TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    duplicate TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    reason TEXT COLLATE "C" NOT NULL,
    fields_json TEXT COLLATE "C" NOT NULL,          -- field → [value of the survivor before, value it took over]
    merged_by TEXT COLLATE "C" NOT NULL,
    merged_at_ms BIGINT NOT NULL,
    undone_by TEXT COLLATE "C",                     -- NULL: stands
    undone_at_ms BIGINT,
    undo_reason TEXT COLLATE "C"
);
CREATE INDEX complaint_merges_by_survivor ON complaint_merges (survivor);
CREATE INDEX complaint_merges_by_duplicate ON complaint_merges (duplicate);

-- Answers to POST requests that carried an Idempotency-Key, kept for 48 hours.
CREATE TABLE idempotency_keys (
    person_id TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,                  -- as the client sent it, at most 128 characters
    request_sha256 TEXT COLLATE "C" NOT NULL,       -- over method, path and body
    status BIGINT NOT NULL,
    location TEXT COLLATE "C",                      -- header of the answer; NULL: none
    etag TEXT COLLATE "C",
    body TEXT COLLATE "C" NOT NULL,                 -- JSON of the answer; empty for none
    answered_at_ms BIGINT NOT NULL,
    PRIMARY KEY (person_id, key)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (answered_at_ms);
