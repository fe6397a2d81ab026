-- How far the small preview of a photo is that travels ahead of its bytes: waiting, arrived, or none when there is
-- none to send or the server did not want it.
ALTER TABLE blobs ADD COLUMN preview TEXT NOT NULL DEFAULT 'waiting'
    CHECK (preview IN ('waiting', 'arrived', 'none'));
