-- Calendars of working days. A version is never changed: what was counted by it stays explained.
CREATE TABLE calendars (
    code TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    calendar_json TEXT COLLATE "C" NOT NULL,                    -- sync_core::deadline::Calendar
    published_by TEXT COLLATE "C",                              -- NULL: came with the server
    published_at_ms BIGINT NOT NULL,
    PRIMARY KEY (code, version)
);

-- Rules for limits. The newest version whose day has come holds for what is requested from then on.
CREATE TABLE deadline_policies (
    version BIGINT NOT NULL PRIMARY KEY CHECK (version >= 1),
    effective_from_ms BIGINT NOT NULL,
    policy_json TEXT COLLATE "C" NOT NULL,                      -- sync_core::deadline::DeadlinePolicy
    published_by TEXT COLLATE "C",                              -- NULL: came with the server
    published_at_ms BIGINT NOT NULL
);

-- The limits of a complaint that follow from rules; what was typed by hand is not among them.
CREATE TABLE complaint_clocks (
    complaint_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES complaints (complaint_id),
    policy_version BIGINT NOT NULL,
    rule BIGINT NOT NULL,                          -- its number in the policy, from 1
    limits_json TEXT COLLATE "C" NOT NULL,                      -- sync_core::deadline::Limits
    provisional BIGINT NOT NULL                    -- 1: the calendar did not reach so far
);
CREATE INDEX complaint_clocks_provisional ON complaint_clocks (complaint_id) WHERE provisional = 1;

-- Times in which the clock of a complaint stood.
CREATE TABLE clock_pauses (
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    from_ms BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,                           -- a stable word
    note TEXT COLLATE "C" NOT NULL,
    paused_by TEXT COLLATE "C" NOT NULL,
    to_ms BIGINT,                                  -- NULL: it still stands
    resumed_by TEXT COLLATE "C",
    PRIMARY KEY (complaint_id, from_ms)
);
