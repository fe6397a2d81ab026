-- A restored server asks for what it lost of the logs of this device's earlier identities, too.
ALTER TABLE log ADD COLUMN offer INTEGER NOT NULL DEFAULT 0; -- 1: the server asked for it and has not heard it yet
CREATE INDEX log_offers ON log (device_id, sequence) WHERE offer = 1;
