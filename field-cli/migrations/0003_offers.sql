-- After the server was restored from a backup it asks for what it lost of colleagues' logs.
ALTER TABLE foreign_log ADD COLUMN offer INTEGER NOT NULL DEFAULT 0; -- 1: the server asked for it and has not heard it yet
CREATE INDEX foreign_log_offers ON foreign_log (device_id, sequence) WHERE offer = 1;
ALTER TABLE sync_state ADD COLUMN kept_logs_due INTEGER NOT NULL DEFAULT 0; -- 1: a new server history was not told yet what is kept here
