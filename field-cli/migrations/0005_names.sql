-- What is still to be read of a visit that was taken away, and of what others did.
ALTER TABLE visits ADD COLUMN number TEXT; -- how people call it; stays when its card goes
ALTER TABLE foreign_log ADD COLUMN writes TEXT; -- what the act changed here, as in log; NULL when it came before it was noted
UPDATE visits SET number = (SELECT json_extract(json, '$.number') FROM pack_items WHERE key = 'assignment/' || visit_id);
