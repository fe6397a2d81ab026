-- After a restore other devices bring what they kept of a device's log: such envelopes lie in the log beyond the end
-- of its chain until the device itself brings what lies between.
ALTER TABLE device_chains ADD COLUMN offered_to INTEGER NOT NULL DEFAULT 0; -- highest sequence that another device brought

CREATE TABLE escrow_next (
    envelope_hash TEXT NOT NULL PRIMARY KEY,
    device_id TEXT NOT NULL,
    device_seq INTEGER NOT NULL,
    visit_id TEXT,
    reason TEXT NOT NULL CHECK (reason IN ('revoked', 'fork', 'offered')),
    claimed_at_ms INTEGER NOT NULL,                 -- the device's word
    not_before_ms INTEGER NOT NULL,                 -- after the newest server log entry that it names
    received_at_ms INTEGER NOT NULL,
    cose BLOB NOT NULL,
    salt BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
INSERT INTO escrow_next SELECT envelope_hash, device_id, device_seq, visit_id, reason, claimed_at_ms, not_before_ms,
    received_at_ms, cose, salt, body FROM escrow;
DROP TABLE escrow;
ALTER TABLE escrow_next RENAME TO escrow;
CREATE INDEX escrow_by_device ON escrow (device_id, device_seq);
