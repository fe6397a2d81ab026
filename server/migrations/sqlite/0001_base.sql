-- Gapless numbers. A row is taken last in a transaction and in the order of the names.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL                          -- last number handed out
) STRICT, WITHOUT ROWID;

-- Who this installation is. Exactly one row, written when the store is first opened.
CREATE TABLE installation (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
    server_id TEXT NOT NULL,                        -- never changes; kept by backups
    epoch INTEGER NOT NULL CHECK (epoch >= 1),      -- raised by a restore, never lowered
    created_at_ms INTEGER NOT NULL
) STRICT;

-- The audit trail: envelopes of devices, gate decisions, office and administrative acts, in one order.
-- Rows are only ever inserted.
CREATE TABLE server_log (
    log_index INTEGER NOT NULL PRIMARY KEY,         -- gapless from 1, counter 'server_log'
    epoch INTEGER NOT NULL,
    kind TEXT NOT NULL,                             -- audit::EntryKind
    at_ms INTEGER NOT NULL,                         -- time of the server
    person_id TEXT,                                 -- who acted; NULL: the installation itself
    device_id TEXT,                                 -- the device that acted or that the act is about
    device_seq INTEGER,                             -- envelopes only: its number in the device's chain
    envelope_hash TEXT,                             -- envelopes only: SHA-256 of cose, hexadecimal
    visit_id TEXT,                                  -- the visit the entry is about, if any
    cose BLOB,                                      -- envelopes only: the signed header, byte for byte
    entry BLOB NOT NULL,                            -- canonical bytes of the entry (audit::NewEntry)
    entry_sha256 TEXT NOT NULL                      -- SHA-256 of entry, hexadecimal
) STRICT;
CREATE INDEX server_log_by_device ON server_log (device_id, device_seq);
CREATE INDEX server_log_by_visit ON server_log (visit_id, log_index);
CREATE UNIQUE INDEX server_log_by_envelope ON server_log (envelope_hash);

-- Bodies of envelopes, apart from the log so that they can be erased while chain and signature still verify.
CREATE TABLE envelope_bodies (
    log_index INTEGER NOT NULL PRIMARY KEY REFERENCES server_log (log_index),
    salt BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
