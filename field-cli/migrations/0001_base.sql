-- The store of one device. Everything a technician records is in here or beside it in photos/.
-- Ids are UUID texts, hashes hexadecimal, times Unix milliseconds. One row per table where a
-- column is named `one`.

-- Who this device is. Written at enrolment, replaced when it enrols again.
CREATE TABLE identity (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    server_url TEXT NOT NULL,
    server_id TEXT NOT NULL,
    -- Key that signs the office log, hexadecimal; empty when the server named none.
    office_key TEXT NOT NULL,
    device_id TEXT NOT NULL,
    device_name TEXT NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT NOT NULL,
    staff_no TEXT NOT NULL,
    -- Random name of this installation: binds the store to the machine that enrolled it.
    install_id TEXT NOT NULL,
    -- SHA-256 over install id and machine id.
    machine TEXT NOT NULL,
    enrolled_at_ms INTEGER NOT NULL
) STRICT;

-- Where the exchange with the server stands.
CREATE TABLE sync_state (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    -- History of the server that the cursor belongs to, 0 before the first answer.
    epoch INTEGER NOT NULL,
    cursor INTEGER NOT NULL,
    -- Sequence and hash of the newest own envelope that is durable on the server.
    acknowledged INTEGER NOT NULL,
    acknowledged_hash TEXT,
    -- Newest index of the server log and server time heard of; they go into every header.
    log_index_known INTEGER NOT NULL,
    server_time_known_ms INTEGER NOT NULL,
    -- Device clock minus server clock at the last answer, NULL before the first.
    clock_offset_ms INTEGER,
    last_sync_at_ms INTEGER,
    last_attempt_at_ms INTEGER,
    -- Short code of what went wrong last; NULL when the last attempt succeeded.
    last_failure TEXT,
    -- Open conflicts on this device's visits, as the server counts them.
    conflicts_open INTEGER NOT NULL,
    -- 1 when the digest of the last answer differed: the next request names every visit.
    digest_differs INTEGER NOT NULL CHECK (digest_differs IN (0, 1)),
    -- 1 when the server has to send everything again.
    wants_everything INTEGER NOT NULL CHECK (wants_everything IN (0, 1)),
    -- Lowest own sequence to fetch back after a restore, 0 for none.
    own_from INTEGER NOT NULL,
    -- 1 when the server asked this device to enrol again.
    enrol_again INTEGER NOT NULL CHECK (enrol_again IN (0, 1)),
    -- Largest request body to try, halved after a failure.
    body_bytes_max INTEGER NOT NULL,
    token TEXT,
    token_until_ms INTEGER
) STRICT;

-- The device log: own envelopes in their order, byte for byte.
CREATE TABLE log (
    device_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    visit_id TEXT,
    claimed_at_ms INTEGER NOT NULL,
    cose BLOB NOT NULL,
    salt BLOB NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('unsent', 'stored', 'merged', 'merged_late', 'quarantined', 'escrowed', 'lost')),
    -- Why it was quarantined: stable code, and what exactly.
    reason TEXT,
    detail TEXT,
    -- What the act wrote, as JSON: a list of {path, before, after}. For `log` and `undo`.
    writes TEXT NOT NULL,
    -- Hash of the envelope that took this act back, or repeats it after a quarantine.
    undone_by TEXT,
    reissued_by TEXT,
    -- 1 when its changes were taken out of the document again after a quarantine.
    dropped INTEGER NOT NULL DEFAULT 0 CHECK (dropped IN (0, 1)),
    PRIMARY KEY (device_id, sequence)
) STRICT;
CREATE INDEX log_by_state ON log (state, sequence);
CREATE INDEX log_by_visit ON log (visit_id, sequence);

-- Envelopes of others on this device's visits: kept, so that a restored server can ask for them.
CREATE TABLE foreign_log (
    device_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    visit_id TEXT,
    person_id TEXT NOT NULL,
    claimed_at_ms INTEGER NOT NULL,
    received_at_ms INTEGER NOT NULL,
    cose BLOB NOT NULL,
    salt BLOB NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (device_id, sequence)
) STRICT;
CREATE INDEX foreign_log_by_visit ON foreign_log (visit_id);

-- Which envelope brought a change into a document: who wrote a value, on which device, when.
CREATE TABLE change_origins (
    change_hash TEXT NOT NULL PRIMARY KEY,
    device_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    claimed_at_ms INTEGER NOT NULL
) STRICT;

-- Visit documents and what lists need to know of them without reading them.
CREATE TABLE visits (
    visit_id TEXT NOT NULL PRIMARY KEY,
    -- The saved Automerge document; NULL until somebody wrote in it.
    saved BLOB,
    -- Heads of the accepted changes, as a JSON list of hashes.
    accepted_heads TEXT NOT NULL,
    generation INTEGER NOT NULL,
    -- Generation for which a visit_begin was sealed; NULL before the first.
    begun_generation INTEGER,
    work_order_id TEXT,
    complaint_id TEXT,
    -- Derived from the document at every write.
    state TEXT NOT NULL CHECK (state IN ('planned', 'running', 'paused', 'no_access', 'finished')),
    conflicts_open INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    -- 1 once the server took the visit away from this device.
    unassigned INTEGER NOT NULL CHECK (unassigned IN (0, 1)),
    -- What the server said it holds; NULL before its first receipt.
    receipt_up_to_ms INTEGER,
    receipt_photos_named INTEGER,
    receipt_photos_arrived INTEGER,
    -- 1 when the server was told that nothing about the visit is unsent.
    settled_told INTEGER NOT NULL DEFAULT 0 CHECK (settled_told IN (0, 1))
) STRICT;

-- Bytes of photos, recordings and signatures, addressed by their SHA-256.
CREATE TABLE blobs (
    sha256 TEXT NOT NULL PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    -- Below the data directory.
    path TEXT NOT NULL,
    original_name TEXT NOT NULL,
    added_at_ms INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'arrived', 'refused', 'unavailable')),
    upload_url TEXT,
    upload_offset INTEGER NOT NULL,
    -- Why the server refused it or why it is unavailable.
    reason TEXT,
    arrived_at_ms INTEGER
) STRICT;

-- Which entry of which visit names which bytes.
CREATE TABLE photos (
    visit_id TEXT NOT NULL,
    entry_id TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES blobs (sha256),
    role TEXT NOT NULL,
    PRIMARY KEY (visit_id, entry_id)
) STRICT;
CREATE INDEX photos_by_sha256 ON photos (sha256);

-- Detached texts of own acts: the document holds only their id and commitment.
CREATE TABLE parts (
    part_id TEXT NOT NULL PRIMARY KEY,
    visit_id TEXT,
    salt BLOB NOT NULL,
    text TEXT NOT NULL
) STRICT;

-- Requests for things the server owns, and what became of them.
CREATE TABLE commands (
    command_id TEXT NOT NULL PRIMARY KEY,
    device_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    request TEXT NOT NULL,
    -- The request as it travels.
    encoded BLOB NOT NULL,
    visit_id TEXT,
    asked_at_ms INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('waiting', 'done', 'refused')),
    reference TEXT,
    reason TEXT,
    detail TEXT
) STRICT;

-- What the device carries to read.
CREATE TABLE pack_items (
    key TEXT NOT NULL PRIMARY KEY,
    json TEXT NOT NULL,
    -- 1 when this device made the item itself for a visit born in the field.
    provisional INTEGER NOT NULL CHECK (provisional IN (0, 1)),
    updated_at_ms INTEGER NOT NULL
) STRICT;

-- Work sent back by the office.
CREATE TABLE reworks (
    rework_id TEXT NOT NULL PRIMARY KEY,
    visit_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    paths TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Full-text search: `search` indexes the spaced text of the item with the same rowid.
CREATE TABLE search_items (
    item INTEGER NOT NULL PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    visit_id TEXT,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX search_items_by_visit ON search_items (visit_id);
CREATE VIRTUAL TABLE search USING fts5 (spaced, content = '', contentless_delete = 1, tokenize = 'unicode61');

INSERT INTO sync_state (one, epoch, cursor, acknowledged, acknowledged_hash, log_index_known,
    server_time_known_ms, clock_offset_ms, last_sync_at_ms, last_attempt_at_ms, last_failure,
    conflicts_open, digest_differs, wants_everything, own_from, enrol_again, body_bytes_max, token, token_until_ms)
VALUES (1, 0, 0, 0, NULL, 0, 0, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 4194304, NULL, NULL);
