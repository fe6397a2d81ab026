-- Reports look at what happened in their weeks and months only.
CREATE INDEX warning_reports_by_day ON warning_reports (day, source);
CREATE INDEX complaints_by_closing ON complaints (closed_at_ms, complaint_id) WHERE closed_at_ms IS NOT NULL;
CREATE INDEX visit_plans_by_end ON visit_plans (ended_claimed_ms) WHERE ended_claimed_ms IS NOT NULL;
-- By a device's clock that was ahead; they count when they arrived.
CREATE INDEX visit_plans_ended_ahead ON visit_plans (ended_received_ms) WHERE ended_claimed_ms > ended_received_ms;
CREATE INDEX deadline_steps_by_due ON deadline_steps (due_at_ms) WHERE step <> 'state';
CREATE INDEX review_verdicts_by_time ON review_verdicts (reviewed_at_ms);
