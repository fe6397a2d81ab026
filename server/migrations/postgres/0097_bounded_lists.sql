-- Likely duplicates of a complaint are looked for among those received around it, however many there are.
DROP INDEX complaints_by_customer;
DROP INDEX complaints_by_phone;
DROP INDEX complaints_by_meter;
DROP INDEX complaints_by_address;
CREATE INDEX complaints_by_customer ON complaints (customer_number, received_at_ms);
CREATE INDEX complaints_by_phone ON complaints (phone_digits, received_at_ms);
CREATE INDEX complaints_by_meter ON complaints (meter_no, received_at_ms);
CREATE INDEX complaints_by_address ON complaints (address_folded, received_at_ms);
CREATE INDEX complaints_by_matter ON complaints (region, category, received_at_ms);

-- The list of conflicts is read in its order, without those that are over.
CREATE INDEX conflicts_undecided ON conflicts (opened_log_index, conflict_id) WHERE state <> 'resolved';
