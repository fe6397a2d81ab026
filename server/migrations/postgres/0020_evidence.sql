-- Evidence whose bytes are whole: photos, recordings, signatures. The bytes lie in the blob store under the same hash
-- and were durable before the row was. Rows are never deleted.
CREATE TABLE blobs (
    sha256 TEXT COLLATE "C" NOT NULL PRIMARY KEY,   -- of the bytes, hexadecimal
    size_bytes BIGINT NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,           -- as announced; what the bytes really are is in format
    device_id TEXT COLLATE "C" NOT NULL,            -- who brought the bytes first
    stored_at_ms BIGINT NOT NULL,                   -- time of the server
    preview TEXT COLLATE "C" NOT NULL CHECK (preview IN ('waiting', 'made', 'none', 'failed')),
    preview_reason TEXT COLLATE "C",                -- code of why there is none; NULL while waiting or made
    preview_attempts BIGINT NOT NULL,               -- counted before the work, so that a crash counts
    format TEXT COLLATE "C",                        -- jpeg, png or webp by content; NULL: something else or not looked at
    width_px BIGINT,                                -- of the original, before turning it upright
    height_px BIGINT,
    exif TEXT COLLATE "C"                           -- what the file claims about itself (JSON); NULL: not looked at yet
);
CREATE INDEX blobs_by_preview ON blobs (preview, stored_at_ms);
CREATE INDEX blobs_by_device ON blobs (device_id, stored_at_ms);

-- Uploads of devices. An open one has a file whose durable length is the offset; that length is not written here.
CREATE TABLE uploads (
    upload_id TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- 32 hexadecimal digits, minted by the server, never guessable
    device_id TEXT COLLATE "C" NOT NULL,            -- the only one that may continue it
    sha256 TEXT COLLATE "C" NOT NULL,               -- announced
    size_bytes BIGINT NOT NULL,                     -- announced
    media_type TEXT COLLATE "C" NOT NULL,           -- announced
    visit_id TEXT COLLATE "C",                      -- announced; NULL: not said
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'whole', 'refused')),
    found_sha256 TEXT COLLATE "C",                  -- refused only: what the bytes really were
    bytes_kept BIGINT NOT NULL,                     -- refused only: size of the file kept aside, 0 when it made room
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,                  -- the row and an unfinished file may go after this
    ended_at_ms BIGINT                              -- when it became whole or refused
);
CREATE UNIQUE INDEX uploads_open ON uploads (device_id, sha256) WHERE state = 'open';
CREATE INDEX uploads_by_hash ON uploads (sha256, state);
CREATE INDEX uploads_by_end ON uploads (state, expires_at_ms);

-- Who opened an original, and why. The reason is free text and therefore not in the server log, which cannot be erased.
CREATE TABLE originals_opened (
    log_index BIGINT NOT NULL PRIMARY KEY REFERENCES server_log (log_index),
    sha256 TEXT COLLATE "C" NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    opened_at_ms BIGINT NOT NULL
);
CREATE INDEX originals_opened_by_hash ON originals_opened (sha256);
