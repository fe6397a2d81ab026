-- Planned events of the utility: outages, gas stops, cut-overs, tariffs, replacement of meters. Rows are never removed.
CREATE TABLE planned_events (
    event_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,                 -- 7 is shown as P-0007
    version BIGINT NOT NULL CHECK (version >= 1),  -- of the row; what it says has versions of its own
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('draft', 'submitted', 'approved', 'announced', 'cancelled')),
    newest_no BIGINT NOT NULL,                     -- the version that the state is about
    approved_no BIGINT,                            -- the newest approved version, which people go by; NULL: none so far
    unit TEXT COLLATE "C" NOT NULL,                             -- organisation unit that answers for it; empty: none named
    utility TEXT COLLATE "C" NOT NULL,
    begins_at_ms BIGINT NOT NULL,                  -- of the newest version
    ends_at_ms BIGINT NOT NULL,
    submit_by_ms BIGINT NOT NULL,                  -- the last moment for submitting it
    near_submit_ms BIGINT NOT NULL,                   -- from when on that is soon late
    inform_by_ms BIGINT NOT NULL,                  -- the last moment for approval and for telling customers
    near_inform_ms BIGINT NOT NULL,
    provisional BIGINT NOT NULL CHECK (provisional IN (0, 1)), -- a calendar that reaches further may move them
    carried_from_ms BIGINT NOT NULL,               -- from when on it is carried and shown, once it is approved
    due_at_ms BIGINT,                              -- until when the next step is due; NULL: nothing is due
    near_at_ms BIGINT,                             -- from when on that is soon late
    holds_from_ms BIGINT,                          -- carried_from_ms and ends_at_ms of the approved version
    holds_to_ms BIGINT,
    turns_at_ms BIGINT,                            -- when packs change next because of it; NULL: never
    changed_at_ms BIGINT NOT NULL
);
CREATE INDEX planned_events_by_beginning ON planned_events (begins_at_ms, event_id);
CREATE INDEX planned_events_by_due ON planned_events (due_at_ms, event_id) WHERE due_at_ms IS NOT NULL;
CREATE INDEX planned_events_by_turn ON planned_events (turns_at_ms) WHERE turns_at_ms IS NOT NULL;

-- Where the newest version of a planned event is; the empty region: everywhere.
CREATE TABLE planned_event_regions (
    event_id TEXT COLLATE "C" NOT NULL REFERENCES planned_events (event_id),
    region TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (event_id, region)
);

-- What each version of a planned event says. What was approved never changes.
CREATE TABLE planned_event_versions (
    event_id TEXT COLLATE "C" NOT NULL REFERENCES planned_events (event_id),
    version_no BIGINT NOT NULL CHECK (version_no >= 1),
    content_json TEXT COLLATE "C" NOT NULL,                     -- kind, utility, regions, places, times, effect, wordings, contact
    PRIMARY KEY (event_id, version_no)
);

-- Everything that was done about a planned event.
CREATE TABLE planned_event_acts (
    event_id TEXT COLLATE "C" NOT NULL REFERENCES planned_events (event_id),
    act_no BIGINT NOT NULL,                        -- 1, 2, 3 …
    act TEXT COLLATE "C" NOT NULL CHECK (act IN ('written', 'submitted', 'sent_back', 'approved', 'announced', 'cancelled')),
    version_no BIGINT NOT NULL,                    -- the version that it was about
    words TEXT COLLATE "C",                                     -- a reason, or how customers were told
    told_at_ms BIGINT,                             -- when customers were told; NULL: another act
    late BIGINT NOT NULL CHECK (late IN (0, 1)),   -- after the moment until which it was due
    person_id TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (event_id, act_no)
);
