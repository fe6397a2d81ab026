-- Finds acts of people and of the installation among many times more envelopes.
CREATE INDEX server_log_acts ON server_log (log_index)
    WHERE kind <> 'envelope' AND kind <> 'gate.decided' AND kind <> 'evidence.arrived';
