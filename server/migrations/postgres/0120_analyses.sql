-- Actions that rules plan: why, and acts that nobody did.
ALTER TABLE corrective_actions ADD COLUMN cause TEXT COLLATE "C" CHECK (cause IN ('similar')); -- NULL: somebody planned it
ALTER TABLE corrective_action_acts ALTER COLUMN person_id DROP NOT NULL; -- NULL: the server
