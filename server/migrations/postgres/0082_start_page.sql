-- What came in from the field lately, for the start page: acts of devices by their arrival, visits by the day on which
-- the server learned of their end (an event, which no later rework moves), and devices by the day they reported.
CREATE INDEX server_log_arrivals ON server_log (at_ms, visit_id, device_id) WHERE kind = 'envelope';
CREATE INDEX complaint_events_of_ends ON complaint_events (received_at_ms) WHERE kind IN ('finished', 'no_access');
CREATE INDEX device_contacts_by_day ON device_contacts (day);
