-- A device may be suspended and resumed, and be told to forget everything.
ALTER TABLE devices ADD COLUMN suspended_at_ms INTEGER;     -- NULL: not suspended
ALTER TABLE devices ADD COLUMN suspended_by TEXT;           -- NULL: not suspended, or on the server's terminal
ALTER TABLE devices ADD COLUMN suspended_reason TEXT;
ALTER TABLE devices ADD COLUMN wipe_asked_at_ms INTEGER;    -- NULL: no wipe is ordered
ALTER TABLE devices ADD COLUMN wipe_asked_by TEXT;          -- NULL: none ordered, or on the server's terminal
ALTER TABLE devices ADD COLUMN wipe_reason TEXT;
ALTER TABLE devices ADD COLUMN wipe_told_at_ms INTEGER;     -- when the device heard of it first
ALTER TABLE devices ADD COLUMN wiped_at_ms INTEGER;         -- when the device confirmed; server time
ALTER TABLE devices ADD COLUMN wiped_claimed_at_ms INTEGER; -- when it wiped itself, by its own clock

-- Why somebody did something to a device. Beside the server log, since free text must be erasable.
CREATE TABLE device_reasons (
    log_index INTEGER NOT NULL PRIMARY KEY REFERENCES server_log (log_index),
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    reason TEXT NOT NULL
) STRICT;
INSERT INTO device_reasons (log_index, device_id, reason)
    SELECT revoked_log_index, device_id, revoked_reason FROM devices
    WHERE revoked_log_index IS NOT NULL AND revoked_reason IS NOT NULL;

-- On which days a device reported: one row a day, so that reporting often costs no room.
CREATE TABLE device_contacts (
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    day INTEGER NOT NULL,                           -- of the office's calendar, counted on
    first_at_ms INTEGER NOT NULL,
    last_at_ms INTEGER NOT NULL,
    contacts INTEGER NOT NULL,
    app_version TEXT NOT NULL,                      -- this and what follows: at the last contact of the day
    outbox_envelopes INTEGER NOT NULL,
    outbox_photos INTEGER NOT NULL,
    clock_offset_ms INTEGER NOT NULL,
    PRIMARY KEY (device_id, day)
) STRICT;

-- Finds what was done to one device among many times more that it did itself.
CREATE INDEX server_log_of_device ON server_log (device_id, log_index)
    WHERE kind IN ('device.enrolled', 'device.renamed', 'device.suspended', 'device.resumed', 'device.revoked',
        'device.wipe_ordered', 'device.wipe_withdrawn', 'device.wiped', 'device.declared_lost', 'device.forked',
        'envelope.escrowed', 'evidence.refused');
