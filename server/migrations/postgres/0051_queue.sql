-- What the queue is read by: complaints that are still open, and devices that may hold work nobody has seen.
CREATE INDEX complaints_open ON complaints (ordinal) WHERE state NOT IN ('closed', 'withdrawn') AND merged_into IS NULL;
CREATE INDEX device_visits_unsettled ON device_visits (visit_id) WHERE settled_at_ms IS NULL;
