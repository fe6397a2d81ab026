-- Why field work belongs to the complaint it was linked to.
ALTER TABLE field_work ADD COLUMN linked_reason TEXT COLLATE "C";
