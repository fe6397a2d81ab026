-- When the server got a change, by its own clock; NULL until it said so. It does for competing values.
ALTER TABLE change_origins ADD COLUMN server_received_at_ms INTEGER;
