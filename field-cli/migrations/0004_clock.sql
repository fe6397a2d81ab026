-- When the clock of this device was compared with the server's: tells offline whether it was set since.
ALTER TABLE sync_state ADD COLUMN clock_server_ms INTEGER NOT NULL DEFAULT 0; -- the server's time then
ALTER TABLE sync_state ADD COLUMN clock_monotonic_ms INTEGER NOT NULL DEFAULT 0; -- time since the start of the machine then
ALTER TABLE sync_state ADD COLUMN clock_boot INTEGER NOT NULL DEFAULT 0; -- which start that was, 0 when it is not known
