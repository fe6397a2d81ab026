-- A device may be suspended and resumed, and be told to forget everything.
ALTER TABLE devices ADD COLUMN suspended_at_ms BIGINT;                  -- NULL: not suspended
ALTER TABLE devices ADD COLUMN suspended_by TEXT COLLATE "C";           -- NULL: not suspended, or on the server's terminal
ALTER TABLE devices ADD COLUMN suspended_reason TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN wipe_asked_at_ms BIGINT;                 -- NULL: no wipe is ordered
ALTER TABLE devices ADD COLUMN wipe_asked_by TEXT COLLATE "C";          -- NULL: none ordered, or on the server's terminal
ALTER TABLE devices ADD COLUMN wipe_reason TEXT COLLATE "C";
ALTER TABLE devices ADD COLUMN wipe_told_at_ms BIGINT;                  -- when the device heard of it first
ALTER TABLE devices ADD COLUMN wiped_at_ms BIGINT;                      -- when the device confirmed; server time
ALTER TABLE devices ADD COLUMN wiped_claimed_at_ms BIGINT;              -- when it wiped itself, by its own clock

-- Why somebody did something to a device. Beside the server log, since free text must be erasable.
CREATE TABLE device_reasons (
    log_index BIGINT NOT NULL PRIMARY KEY REFERENCES server_log (log_index),
    device_id TEXT COLLATE "C" NOT NULL REFERENCES devices (device_id),
    reason TEXT COLLATE "C" NOT NULL
);
INSERT INTO device_reasons (log_index, device_id, reason)
    SELECT revoked_log_index, device_id, revoked_reason FROM devices
    WHERE revoked_log_index IS NOT NULL AND revoked_reason IS NOT NULL;

-- On which days a device reported: one row a day, so that reporting often costs no room.
CREATE TABLE device_contacts (
    device_id TEXT COLLATE "C" NOT NULL REFERENCES devices (device_id),
    day BIGINT NOT NULL,                                                -- of the office's calendar, counted on
    first_at_ms BIGINT NOT NULL,
    last_at_ms BIGINT NOT NULL,
    contacts BIGINT NOT NULL,
    app_version TEXT COLLATE "C" NOT NULL,                              -- this and what follows: at the last contact of the day
    outbox_envelopes BIGINT NOT NULL,
    outbox_photos BIGINT NOT NULL,
    clock_offset_ms BIGINT NOT NULL,
    PRIMARY KEY (device_id, day)
);

-- Finds what was done to one device among many times more that it did itself.
CREATE INDEX server_log_of_device ON server_log (device_id, log_index)
    WHERE kind IN ('device.enrolled', 'device.renamed', 'device.suspended', 'device.resumed', 'device.revoked',
        'device.wipe_ordered', 'device.wipe_withdrawn', 'device.wiped', 'device.declared_lost', 'device.forked',
        'envelope.escrowed', 'evidence.refused');
