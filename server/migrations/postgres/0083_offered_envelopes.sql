-- After a restore other devices bring what they kept of a device's log: such envelopes lie in the log beyond the end
-- of its chain until the device itself brings what lies between.
ALTER TABLE device_chains ADD COLUMN offered_to BIGINT NOT NULL DEFAULT 0; -- highest sequence that another device brought

ALTER TABLE escrow DROP CONSTRAINT escrow_reason_check;
ALTER TABLE escrow ADD CONSTRAINT escrow_reason_check CHECK (reason IN ('revoked', 'fork', 'offered'));
