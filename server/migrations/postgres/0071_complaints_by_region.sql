-- Who works in one region only reads the queue of that region.
CREATE INDEX complaints_by_region ON complaints (region, ordinal);
