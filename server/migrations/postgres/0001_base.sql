-- Gapless numbers. A row is taken last in a transaction and in the order of the names.
CREATE TABLE counters (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL                           -- last number handed out
);

-- Who this installation is. Exactly one row, written when the store is first opened.
CREATE TABLE installation (
    singleton BIGINT NOT NULL PRIMARY KEY CHECK (singleton = 1),
    server_id TEXT COLLATE "C" NOT NULL,            -- never changes; kept by backups
    epoch BIGINT NOT NULL CHECK (epoch >= 1),       -- raised by a restore, never lowered
    created_at_ms BIGINT NOT NULL
);

-- The audit trail: envelopes of devices, gate decisions, office and administrative acts, in one order.
-- Rows are only ever inserted.
CREATE TABLE server_log (
    log_index BIGINT NOT NULL PRIMARY KEY,          -- gapless from 1, counter 'server_log'
    epoch BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,                 -- audit::EntryKind
    at_ms BIGINT NOT NULL,                          -- time of the server
    person_id TEXT COLLATE "C",                     -- who acted; NULL: the installation itself
    device_id TEXT COLLATE "C",                     -- the device that acted or that the act is about
    device_seq BIGINT,                              -- envelopes only: its number in the device's chain
    envelope_hash TEXT COLLATE "C",                 -- envelopes only: SHA-256 of cose, hexadecimal
    visit_id TEXT COLLATE "C",                      -- the visit the entry is about, if any
    cose BYTEA,                                     -- envelopes only: the signed header, byte for byte
    entry BYTEA NOT NULL,                           -- canonical bytes of the entry (audit::NewEntry)
    entry_sha256 TEXT COLLATE "C" NOT NULL          -- SHA-256 of entry, hexadecimal
);
CREATE INDEX server_log_by_device ON server_log (device_id, device_seq);
CREATE INDEX server_log_by_visit ON server_log (visit_id, log_index);
CREATE UNIQUE INDEX server_log_by_envelope ON server_log (envelope_hash);

-- Bodies of envelopes, apart from the log so that they can be erased while chain and signature still verify.
CREATE TABLE envelope_bodies (
    log_index BIGINT NOT NULL PRIMARY KEY REFERENCES server_log (log_index),
    salt BYTEA NOT NULL,
    body BYTEA NOT NULL
);
