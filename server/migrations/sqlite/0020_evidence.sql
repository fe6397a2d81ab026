-- Evidence whose bytes are whole: photos, recordings, signatures. The bytes lie in the blob store under the same hash
-- and were durable before the row was. Rows are never deleted.
CREATE TABLE blobs (
    sha256 TEXT NOT NULL PRIMARY KEY,               -- of the bytes, hexadecimal
    size_bytes INTEGER NOT NULL,
    media_type TEXT NOT NULL,                       -- as announced; what the bytes really are is in format
    device_id TEXT NOT NULL,                        -- who brought the bytes first
    stored_at_ms INTEGER NOT NULL,                  -- time of the server
    preview TEXT NOT NULL CHECK (preview IN ('waiting', 'made', 'none', 'failed')),
    preview_reason TEXT,                            -- code of why there is none; NULL while waiting or made
    preview_attempts INTEGER NOT NULL,              -- counted before the work, so that a crash counts
    format TEXT,                                    -- jpeg, png or webp by content; NULL: something else or not looked at
    width_px INTEGER,                               -- of the original, before turning it upright
    height_px INTEGER,
    exif TEXT                                       -- what the file claims about itself (JSON); NULL: not looked at yet
) STRICT;
CREATE INDEX blobs_by_preview ON blobs (preview, stored_at_ms);
CREATE INDEX blobs_by_device ON blobs (device_id, stored_at_ms);

-- Uploads of devices. An open one has a file whose durable length is the offset; that length is not written here.
CREATE TABLE uploads (
    upload_id TEXT NOT NULL PRIMARY KEY,            -- 32 hexadecimal digits, minted by the server, never guessable
    device_id TEXT NOT NULL,                        -- the only one that may continue it
    sha256 TEXT NOT NULL,                           -- announced
    size_bytes INTEGER NOT NULL,                    -- announced
    media_type TEXT NOT NULL,                       -- announced
    visit_id TEXT,                                  -- announced; NULL: not said
    state TEXT NOT NULL CHECK (state IN ('open', 'whole', 'refused')),
    found_sha256 TEXT,                              -- refused only: what the bytes really were
    bytes_kept INTEGER NOT NULL,                    -- refused only: size of the file kept aside, 0 when it made room
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,                 -- the row and an unfinished file may go after this
    ended_at_ms INTEGER                             -- when it became whole or refused
) STRICT;
CREATE UNIQUE INDEX uploads_open ON uploads (device_id, sha256) WHERE state = 'open';
CREATE INDEX uploads_by_hash ON uploads (sha256, state);
CREATE INDEX uploads_by_end ON uploads (state, expires_at_ms);

-- Who opened an original, and why. The reason is free text and therefore not in the server log, which cannot be erased.
CREATE TABLE originals_opened (
    log_index INTEGER NOT NULL PRIMARY KEY REFERENCES server_log (log_index),
    sha256 TEXT NOT NULL,
    person_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    opened_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX originals_opened_by_hash ON originals_opened (sha256);
