-- Visits that the office called off: who did it, when by the server's clock, and why. NULL while nobody has.
ALTER TABLE visits ADD COLUMN cancelled_by TEXT;
ALTER TABLE visits ADD COLUMN cancelled_at_ms INTEGER;
ALTER TABLE visits ADD COLUMN cancelled_reason TEXT;
