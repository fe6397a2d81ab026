-- Calendars of working days. A version is never changed: what was counted by it stays explained.
CREATE TABLE calendars (
    code TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    calendar_json TEXT NOT NULL,                    -- sync_core::deadline::Calendar
    published_by TEXT,                              -- NULL: came with the server
    published_at_ms INTEGER NOT NULL,
    PRIMARY KEY (code, version)
) STRICT;

-- Rules for limits. The newest version whose day has come holds for what is requested from then on.
CREATE TABLE deadline_policies (
    version INTEGER NOT NULL PRIMARY KEY CHECK (version >= 1),
    effective_from_ms INTEGER NOT NULL,
    policy_json TEXT NOT NULL,                      -- sync_core::deadline::DeadlinePolicy
    published_by TEXT,                              -- NULL: came with the server
    published_at_ms INTEGER NOT NULL
) STRICT;

-- The limits of a complaint that follow from rules; what was typed by hand is not among them.
CREATE TABLE complaint_clocks (
    complaint_id TEXT NOT NULL PRIMARY KEY REFERENCES complaints (complaint_id),
    policy_version INTEGER NOT NULL,
    rule INTEGER NOT NULL,                          -- its number in the policy, from 1
    limits_json TEXT NOT NULL,                      -- sync_core::deadline::Limits
    provisional INTEGER NOT NULL                    -- 1: the calendar did not reach so far
) STRICT;
CREATE INDEX complaint_clocks_provisional ON complaint_clocks (complaint_id) WHERE provisional = 1;

-- Times in which the clock of a complaint stood.
CREATE TABLE clock_pauses (
    complaint_id TEXT NOT NULL REFERENCES complaints (complaint_id),
    from_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,                           -- a stable word
    note TEXT NOT NULL,
    paused_by TEXT NOT NULL,
    to_ms INTEGER,                                  -- NULL: it still stands
    resumed_by TEXT,
    PRIMARY KEY (complaint_id, from_ms)
) STRICT;
