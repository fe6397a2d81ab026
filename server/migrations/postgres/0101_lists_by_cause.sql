-- Lists are read from what makes a complaint belong to them, in the order of that: what is due by its deadline, what a
-- device may still hold by its visit, what is urgent by its arrival.
DROP INDEX complaints_due;
CREATE INDEX complaints_due ON complaints (next_due_at_ms, ordinal)
    WHERE state NOT IN ('closed', 'withdrawn') AND merged_into IS NULL;
CREATE INDEX complaints_by_priority ON complaints (priority, ordinal);
DROP INDEX device_visits_unsettled;
CREATE INDEX device_visits_unsettled ON device_visits (visit_id, device_id) WHERE settled_at_ms IS NULL;

-- Each list of the watch has its own: what is late does not stand before what comes near.
DROP INDEX deadline_steps_raised;
CREATE INDEX deadline_steps_late ON deadline_steps (due_at_ms, complaint_id, step)
    WHERE level > 1 AND stopped_at_ms IS NULL AND step <> 'state';
CREATE INDEX deadline_steps_near ON deadline_steps (due_at_ms, complaint_id, step)
    WHERE level = 1 AND stopped_at_ms IS NULL AND step <> 'state';
CREATE INDEX deadline_steps_stuck ON deadline_steps (due_at_ms, complaint_id, step)
    WHERE level > 1 AND stopped_at_ms IS NULL AND step = 'state';
