-- Planned events of the utility: outages, gas stops, cut-overs, tariffs, replacement of meters. Rows are never removed.
CREATE TABLE planned_events (
    event_id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,                 -- 7 is shown as P-0007
    version INTEGER NOT NULL CHECK (version >= 1),  -- of the row; what it says has versions of its own
    state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'approved', 'announced', 'cancelled')),
    newest_no INTEGER NOT NULL,                     -- the version that the state is about
    approved_no INTEGER,                            -- the newest approved version, which people go by; NULL: none so far
    unit TEXT NOT NULL,                             -- organisation unit that answers for it; empty: none named
    utility TEXT NOT NULL,
    begins_at_ms INTEGER NOT NULL,                  -- of the newest version
    ends_at_ms INTEGER NOT NULL,
    submit_by_ms INTEGER NOT NULL,                  -- the last moment for submitting it
    near_submit_ms INTEGER NOT NULL,                   -- from when on that is soon late
    inform_by_ms INTEGER NOT NULL,                  -- the last moment for approval and for telling customers
    near_inform_ms INTEGER NOT NULL,
    provisional INTEGER NOT NULL CHECK (provisional IN (0, 1)), -- a calendar that reaches further may move them
    carried_from_ms INTEGER NOT NULL,               -- from when on it is carried and shown, once it is approved
    due_at_ms INTEGER,                              -- until when the next step is due; NULL: nothing is due
    near_at_ms INTEGER,                             -- from when on that is soon late
    holds_from_ms INTEGER,                          -- carried_from_ms and ends_at_ms of the approved version
    holds_to_ms INTEGER,
    turns_at_ms INTEGER,                            -- when packs change next because of it; NULL: never
    changed_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX planned_events_by_beginning ON planned_events (begins_at_ms, event_id);
CREATE INDEX planned_events_by_due ON planned_events (due_at_ms, event_id) WHERE due_at_ms IS NOT NULL;
CREATE INDEX planned_events_by_turn ON planned_events (turns_at_ms) WHERE turns_at_ms IS NOT NULL;

-- Where the newest version of a planned event is; the empty region: everywhere.
CREATE TABLE planned_event_regions (
    event_id TEXT NOT NULL REFERENCES planned_events (event_id),
    region TEXT NOT NULL,
    PRIMARY KEY (event_id, region)
) STRICT;

-- What each version of a planned event says. What was approved never changes.
CREATE TABLE planned_event_versions (
    event_id TEXT NOT NULL REFERENCES planned_events (event_id),
    version_no INTEGER NOT NULL CHECK (version_no >= 1),
    content_json TEXT NOT NULL,                     -- kind, utility, regions, places, times, effect, wordings, contact
    PRIMARY KEY (event_id, version_no)
) STRICT;

-- Everything that was done about a planned event.
CREATE TABLE planned_event_acts (
    event_id TEXT NOT NULL REFERENCES planned_events (event_id),
    act_no INTEGER NOT NULL,                        -- 1, 2, 3 …
    act TEXT NOT NULL CHECK (act IN ('written', 'submitted', 'sent_back', 'approved', 'announced', 'cancelled')),
    version_no INTEGER NOT NULL,                    -- the version that it was about
    words TEXT,                                     -- a reason, or how customers were told
    told_at_ms INTEGER,                             -- when customers were told; NULL: another act
    late INTEGER NOT NULL CHECK (late IN (0, 1)),   -- after the moment until which it was due
    person_id TEXT NOT NULL REFERENCES people (person_id),
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (event_id, act_no)
) STRICT;
