-- Installations of a client that have enrolled.
CREATE TABLE devices (
    device_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,                  -- short name for people: dev-<number>, counter 'device'
    person_id TEXT COLLATE "C" NOT NULL REFERENCES people (person_id), -- who it was invited for
    label TEXT COLLATE "C" NOT NULL,                -- what people call it
    algorithm TEXT COLLATE "C" NOT NULL CHECK (algorithm IN ('ed25519', 'es256')),
    public_key BYTEA NOT NULL UNIQUE,               -- 32 bytes (Ed25519) or 33 bytes (P-256, compressed)
    enrolled_at_ms BIGINT NOT NULL,
    version BIGINT NOT NULL,                        -- raised by every administrative change
    revoked_at_ms BIGINT,                           -- NULL: not revoked
    revoked_by TEXT COLLATE "C",                    -- NULL: not revoked, or revoked on the server's terminal
    revoked_reason TEXT COLLATE "C",
    revoked_log_index BIGINT,                       -- position of the revocation in the server log
    -- What the device said about itself at its last contact; written by the exchange. NULL: no contact yet.
    last_seen_at_ms BIGINT,
    app_version TEXT COLLATE "C",
    outbox_envelopes BIGINT,                        -- not yet sent
    outbox_photos BIGINT,                           -- not yet sent
    outbox_bytes BIGINT,                            -- of photos not yet sent
    disk_free_bytes BIGINT,
    clock_offset_ms BIGINT                          -- device minus server
);
CREATE INDEX devices_by_person ON devices (person_id);

-- Invitations to enrol. The secret and the code themselves are nowhere.
CREATE TABLE device_invitations (
    invitation_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    person_id TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    label TEXT COLLATE "C" NOT NULL,                -- '' : the device names itself
    secret_sha256 TEXT COLLATE "C" NOT NULL UNIQUE, -- of the 128 bits in link and QR
    code_handle TEXT COLLATE "C" NOT NULL UNIQUE,   -- first four characters of the typed code
    code_sha256 TEXT COLLATE "C" NOT NULL,          -- of the whole typed code
    tries_left BIGINT NOT NULL,                     -- of the typed code
    created_at_ms BIGINT NOT NULL,
    created_by TEXT COLLATE "C",                    -- NULL: on the server's terminal
    expires_at_ms BIGINT NOT NULL,
    device_id TEXT COLLATE "C" REFERENCES devices (device_id) -- the device that used it; NULL: not used yet
);

-- Assertions of devices that were taken, so that none is taken twice.
CREATE TABLE device_assertions (
    device_id TEXT COLLATE "C" NOT NULL REFERENCES devices (device_id),
    jti TEXT COLLATE "C" NOT NULL,
    forget_after_ms BIGINT NOT NULL,
    PRIMARY KEY (device_id, jti)
);
CREATE INDEX device_assertions_by_age ON device_assertions (forget_after_ms);
