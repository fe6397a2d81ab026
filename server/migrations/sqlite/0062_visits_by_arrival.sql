-- What came in lately is found without looking at older visits.
CREATE INDEX visit_plans_by_arrival ON visit_plans (ended_received_ms) WHERE ended_received_ms IS NOT NULL;
