-- Rules for early warnings. The newest version whose day has come holds for the days that begin from then on.
CREATE TABLE warning_policies (
    version BIGINT NOT NULL PRIMARY KEY CHECK (version >= 1),
    effective_from_ms BIGINT NOT NULL,
    rules_json TEXT COLLATE "C" NOT NULL,
    published_by TEXT COLLATE "C",                              -- NULL: came with the server
    published_at_ms BIGINT NOT NULL
);

-- Where each report is counted: a complaint that stands for itself, or a grumble that became none. Written with what it
-- follows from.
CREATE TABLE warning_reports (
    source TEXT COLLATE "C" NOT NULL PRIMARY KEY,               -- id of the complaint or of the grumble
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('complaint', 'grumble')),
    class TEXT COLLATE "C" NOT NULL,                            -- the first two parts of its category; empty: none given
    area TEXT COLLATE "C" NOT NULL,                             -- its region; empty: not known
    day BIGINT NOT NULL,                           -- days since 1970 in the office, of when it happened
    received_at_ms BIGINT NOT NULL
);
CREATE INDEX warning_reports_of_cell ON warning_reports (class, area, day);

-- The same as numbers: what a day is judged by, however many reports there are.
CREATE TABLE warning_counts (
    class TEXT COLLATE "C" NOT NULL,
    area TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (class, area, day)
);
CREATE INDEX warning_counts_by_day ON warning_counts (day);

-- Days of cells whose count has changed and that nobody has judged since. A row for each report that changed it, so
-- that those who add never wait for one another.
CREATE TABLE warning_due (
    class TEXT COLLATE "C" NOT NULL,
    area TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (class, area, day, source)
);

-- Since when a cell has a history, as it was judged last.
CREATE TABLE warning_cells (
    class TEXT COLLATE "C" NOT NULL,
    area TEXT COLLATE "C" NOT NULL,
    first_day BIGINT NOT NULL,
    PRIMARY KEY (class, area)
);

-- Early warnings. Raised and lifted by the server, acknowledged and closed by the office; rows are never removed.
CREATE TABLE warnings (
    warning_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,           -- derived from what it warns of
    version BIGINT NOT NULL CHECK (version >= 1),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('counts', 'similar')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('raised', 'acknowledged', 'closed', 'lifted')),
    class TEXT COLLATE "C" NOT NULL,
    area TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,                             -- of a similar complaint; of counts empty
    day BIGINT NOT NULL,                           -- the last one of its window
    window_days BIGINT NOT NULL,
    complaint_id TEXT COLLATE "C" REFERENCES complaints (complaint_id), -- the one that is similar to others; NULL: of counts
    policy_version BIGINT NOT NULL,
    rule BIGINT NOT NULL,                          -- its number in the rules, from 1
    level BIGINT NOT NULL,                         -- 0: what arrived later took it back
    seen BIGINT NOT NULL,                          -- reports in its window
    usual_milli BIGINT,                            -- expected number in thousandths; NULL: too short a history
    limit_milli BIGINT NOT NULL,                   -- the limit that was passed or reached, in thousandths
    late BIGINT NOT NULL CHECK (late IN (0, 1)),   -- what arrived by the end of its day would not have raised it
    recheck_minutes BIGINT NOT NULL,               -- how long after somebody looked it is looked at again
    raised_at_ms BIGINT NOT NULL,
    waits_from_ms BIGINT,                          -- since when it waits for somebody; NULL: it is over
    over_at_ms BIGINT                              -- when it was closed or lifted; NULL: it is not
);
CREATE INDEX warnings_of_cell ON warnings (class, area, day);
CREATE INDEX warnings_waiting ON warnings (waits_from_ms, warning_id) WHERE waits_from_ms IS NOT NULL;
CREATE INDEX warnings_over ON warnings (over_at_ms, warning_id) WHERE over_at_ms IS NOT NULL;

-- Whom a warning is addressed to, by the rules and roles of the moment at which it reached the level.
CREATE TABLE warning_recipients (
    warning_id TEXT COLLATE "C" NOT NULL REFERENCES warnings (warning_id),
    person_id TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    level BIGINT NOT NULL,                         -- the lowest level at which they are told
    PRIMARY KEY (warning_id, person_id)
);
CREATE INDEX warning_recipients_of_person ON warning_recipients (person_id);

-- What happened to a warning, with the words that were said.
CREATE TABLE warning_acts (
    warning_id TEXT COLLATE "C" NOT NULL REFERENCES warnings (warning_id),
    act_no BIGINT NOT NULL,                        -- 1, 2, 3 …
    act TEXT COLLATE "C" NOT NULL CHECK (act IN ('raised', 'risen', 'lifted', 'acknowledged', 'rechecked', 'closed')),
    level BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    words TEXT COLLATE "C",                                     -- NULL: nothing was said
    person_id TEXT COLLATE "C" REFERENCES people (person_id),   -- NULL: the server
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (warning_id, act_no)
);

-- What is on record already is history, and raises nothing.
INSERT INTO warning_reports (source, kind, class, area, day, received_at_ms)
    SELECT complaint_id, 'complaint', CASE WHEN split_part(category, '.', 2) = '' THEN category
            ELSE split_part(category, '.', 1) || '.' || split_part(category, '.', 2) END, region,
        (least(requested_at_ms, received_at_ms) + 28800000) / 86400000, received_at_ms
    FROM complaints WHERE merged_into IS NULL;
INSERT INTO warning_reports (source, kind, class, area, day, received_at_ms)
    SELECT grumble_id, 'grumble', CASE WHEN split_part(coalesce(category, ''), '.', 2) = '' THEN coalesce(category, '')
            ELSE split_part(coalesce(category, ''), '.', 1) || '.' || split_part(coalesce(category, ''), '.', 2) END, '',
        (least(claimed_at_ms, received_at_ms) + 28800000) / 86400000, received_at_ms
    FROM grumbles WHERE complaint_id IS NULL;
INSERT INTO warning_counts (class, area, day, number)
    SELECT class, area, day, count(*) FROM warning_reports GROUP BY class, area, day;
INSERT INTO warning_cells (class, area, first_day) SELECT class, area, min(day) FROM warning_reports GROUP BY class, area;
