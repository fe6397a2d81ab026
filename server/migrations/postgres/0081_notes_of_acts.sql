-- What the log of acts shows beside an entry: the complaint that the act is about, so that it can be found by it, and
-- the reason that was given. Beside the server log, since free text must be erasable. Acts before this migration are
-- found by the complaint of their visit alone.
CREATE TABLE act_notes (
    log_index BIGINT NOT NULL PRIMARY KEY REFERENCES server_log (log_index),
    complaint_id TEXT COLLATE "C",                          -- NULL: the act is about none
    reason TEXT COLLATE "C"                              -- NULL: none was asked for, or it was erased
);
CREATE INDEX act_notes_by_complaint ON act_notes (complaint_id, log_index);
INSERT INTO act_notes (log_index, complaint_id, reason) SELECT log_index, NULL, reason FROM originals_opened;
INSERT INTO act_notes (log_index, complaint_id, reason) SELECT log_index, NULL, reason FROM device_reasons;

-- Acts of one person, and of a period, among many times more envelopes.
CREATE INDEX server_log_acts_of_person ON server_log (person_id, log_index)
    WHERE kind <> 'envelope' AND kind <> 'gate.decided' AND kind <> 'evidence.arrived';
CREATE INDEX server_log_acts_by_time ON server_log (at_ms, log_index)
    WHERE kind <> 'envelope' AND kind <> 'gate.decided' AND kind <> 'evidence.arrived';
