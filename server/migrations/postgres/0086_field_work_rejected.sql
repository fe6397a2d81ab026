-- Field work that belongs to no complaint: somebody said so, with a reason. It stays readable.
ALTER TABLE field_work ADD COLUMN rejected_at_ms BIGINT;
ALTER TABLE field_work ADD COLUMN rejected_by TEXT COLLATE "C" REFERENCES people (person_id);
ALTER TABLE field_work ADD COLUMN rejected_reason TEXT COLLATE "C";
