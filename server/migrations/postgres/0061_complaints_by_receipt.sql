-- Figures of the last days look at those days only.
CREATE INDEX complaints_by_receipt ON complaints (received_at_ms);
