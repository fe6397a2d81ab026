-- Small previews that devices sent ahead of photos. Shown until the original has been looked at, then deleted; no
-- evidence, and never counted as arrived. The bytes lie in the blob store and were durable before the row was.
CREATE TABLE early_previews (
    sha256 TEXT COLLATE "C" NOT NULL PRIMARY KEY,   -- of the original, hexadecimal
    device_id TEXT COLLATE "C" NOT NULL,            -- who sent it
    received_at_ms BIGINT NOT NULL                  -- time of the server
);
