-- When the server had the word that the work was done, by its own clock; NULL while it is still to do.
ALTER TABLE reworks ADD COLUMN done_at_ms INTEGER;
