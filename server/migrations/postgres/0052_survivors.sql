-- Nearly every complaint stands for itself: an index of those that do would be read for what is still open.
DROP INDEX complaints_by_survivor;
CREATE INDEX complaints_by_survivor ON complaints (merged_into) WHERE merged_into IS NOT NULL;
