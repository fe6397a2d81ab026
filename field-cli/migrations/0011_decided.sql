-- How many decisions of the office stand in the visit; NULL while the document was not written since this column exists.
ALTER TABLE visits ADD COLUMN decided INTEGER;
