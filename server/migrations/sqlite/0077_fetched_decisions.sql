-- Which devices have confirmed that they have a decision of the office, and since when. Noted when a device says up to
-- where it has everything; a device that lacks a row may have it and has not said so yet.
CREATE TABLE fetched_decisions (
    log_index INTEGER NOT NULL REFERENCES server_log (log_index),  -- the envelope of the office
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    confirmed_at_ms INTEGER NOT NULL,               -- of the first request that said so
    PRIMARY KEY (log_index, device_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_by_office ON feed (position) WHERE kind = 'change' AND author_device_id IS NULL;
