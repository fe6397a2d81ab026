-- Installations of a client that have enrolled.
CREATE TABLE devices (
    device_id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,                 -- short name for people: dev-<number>, counter 'device'
    person_id TEXT NOT NULL REFERENCES people (person_id),  -- who it was invited for
    label TEXT NOT NULL,                            -- what people call it
    algorithm TEXT NOT NULL CHECK (algorithm IN ('ed25519', 'es256')),
    public_key BLOB NOT NULL UNIQUE,                       -- 32 bytes (Ed25519) or 33 bytes (P-256, compressed)
    enrolled_at_ms INTEGER NOT NULL,
    version INTEGER NOT NULL,                       -- raised by every administrative change
    revoked_at_ms INTEGER,                          -- NULL: not revoked
    revoked_by TEXT,                                -- NULL: not revoked, or revoked on the server's terminal
    revoked_reason TEXT,
    revoked_log_index INTEGER,                      -- position of the revocation in the server log
    -- What the device said about itself at its last contact; written by the exchange. NULL: no contact yet.
    last_seen_at_ms INTEGER,
    app_version TEXT,
    outbox_envelopes INTEGER,                       -- not yet sent
    outbox_photos INTEGER,                          -- not yet sent
    outbox_bytes INTEGER,                           -- of photos not yet sent
    disk_free_bytes INTEGER,
    clock_offset_ms INTEGER                         -- device minus server
) STRICT;
CREATE INDEX devices_by_person ON devices (person_id);

-- Invitations to enrol. The secret and the code themselves are nowhere.
CREATE TABLE device_invitations (
    invitation_id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (person_id),
    label TEXT NOT NULL,                            -- '' : the device names itself
    secret_sha256 TEXT NOT NULL UNIQUE,             -- of the 128 bits in link and QR
    code_handle TEXT NOT NULL UNIQUE,               -- first four characters of the typed code
    code_sha256 TEXT NOT NULL,                      -- of the whole typed code
    tries_left INTEGER NOT NULL,                    -- of the typed code
    created_at_ms INTEGER NOT NULL,
    created_by TEXT,                                -- NULL: on the server's terminal
    expires_at_ms INTEGER NOT NULL,
    device_id TEXT REFERENCES devices (device_id)   -- the device that used it; NULL: not used yet
) STRICT;

-- Assertions of devices that were taken, so that none is taken twice.
CREATE TABLE device_assertions (
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    jti TEXT NOT NULL,
    forget_after_ms INTEGER NOT NULL,
    PRIMARY KEY (device_id, jti)
) STRICT;
CREATE INDEX device_assertions_by_age ON device_assertions (forget_after_ms);
