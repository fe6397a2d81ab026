-- Rules for early warnings. The newest version whose day has come holds for the days that begin from then on.
CREATE TABLE warning_policies (
    version INTEGER NOT NULL PRIMARY KEY CHECK (version >= 1),
    effective_from_ms INTEGER NOT NULL,
    rules_json TEXT NOT NULL,
    published_by TEXT,                              -- NULL: came with the server
    published_at_ms INTEGER NOT NULL
) STRICT;

-- Where each report is counted: a complaint that stands for itself, or a grumble that became none. Written with what it
-- follows from.
CREATE TABLE warning_reports (
    source TEXT NOT NULL PRIMARY KEY,               -- id of the complaint or of the grumble
    kind TEXT NOT NULL CHECK (kind IN ('complaint', 'grumble')),
    class TEXT NOT NULL,                            -- the first two parts of its category; empty: none given
    area TEXT NOT NULL,                             -- its region; empty: not known
    day INTEGER NOT NULL,                           -- days since 1970 in the office, of when it happened
    received_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX warning_reports_of_cell ON warning_reports (class, area, day);

-- The same as numbers: what a day is judged by, however many reports there are.
CREATE TABLE warning_counts (
    class TEXT NOT NULL,
    area TEXT NOT NULL,
    day INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (class, area, day)
) STRICT;
CREATE INDEX warning_counts_by_day ON warning_counts (day);

-- Days of cells whose count has changed and that nobody has judged since. A row for each report that changed it, so
-- that those who add never wait for one another.
CREATE TABLE warning_due (
    class TEXT NOT NULL,
    area TEXT NOT NULL,
    day INTEGER NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (class, area, day, source)
) STRICT;

-- Since when a cell has a history, as it was judged last.
CREATE TABLE warning_cells (
    class TEXT NOT NULL,
    area TEXT NOT NULL,
    first_day INTEGER NOT NULL,
    PRIMARY KEY (class, area)
) STRICT;

-- Early warnings. Raised and lifted by the server, acknowledged and closed by the office; rows are never removed.
CREATE TABLE warnings (
    warning_id TEXT NOT NULL PRIMARY KEY,           -- derived from what it warns of
    version INTEGER NOT NULL CHECK (version >= 1),
    kind TEXT NOT NULL CHECK (kind IN ('counts', 'similar')),
    state TEXT NOT NULL CHECK (state IN ('raised', 'acknowledged', 'closed', 'lifted')),
    class TEXT NOT NULL,
    area TEXT NOT NULL,
    unit TEXT NOT NULL,                             -- of a similar complaint; of counts empty
    day INTEGER NOT NULL,                           -- the last one of its window
    window_days INTEGER NOT NULL,
    complaint_id TEXT REFERENCES complaints (complaint_id), -- the one that is similar to others; NULL: of counts
    policy_version INTEGER NOT NULL,
    rule INTEGER NOT NULL,                          -- its number in the rules, from 1
    level INTEGER NOT NULL,                         -- 0: what arrived later took it back
    seen INTEGER NOT NULL,                          -- reports in its window
    usual_milli INTEGER,                            -- expected number in thousandths; NULL: too short a history
    limit_milli INTEGER NOT NULL,                   -- the limit that was passed or reached, in thousandths
    late INTEGER NOT NULL CHECK (late IN (0, 1)),   -- what arrived by the end of its day would not have raised it
    recheck_minutes INTEGER NOT NULL,               -- how long after somebody looked it is looked at again
    raised_at_ms INTEGER NOT NULL,
    waits_from_ms INTEGER,                          -- since when it waits for somebody; NULL: it is over
    over_at_ms INTEGER                              -- when it was closed or lifted; NULL: it is not
) STRICT;
CREATE INDEX warnings_of_cell ON warnings (class, area, day);
CREATE INDEX warnings_waiting ON warnings (waits_from_ms, warning_id) WHERE waits_from_ms IS NOT NULL;
CREATE INDEX warnings_over ON warnings (over_at_ms, warning_id) WHERE over_at_ms IS NOT NULL;

-- Whom a warning is addressed to, by the rules and roles of the moment at which it reached the level.
CREATE TABLE warning_recipients (
    warning_id TEXT NOT NULL REFERENCES warnings (warning_id),
    person_id TEXT NOT NULL REFERENCES people (person_id),
    level INTEGER NOT NULL,                         -- the lowest level at which they are told
    PRIMARY KEY (warning_id, person_id)
) STRICT;
CREATE INDEX warning_recipients_of_person ON warning_recipients (person_id);

-- What happened to a warning, with the words that were said.
CREATE TABLE warning_acts (
    warning_id TEXT NOT NULL REFERENCES warnings (warning_id),
    act_no INTEGER NOT NULL,                        -- 1, 2, 3 …
    act TEXT NOT NULL CHECK (act IN ('raised', 'risen', 'lifted', 'acknowledged', 'rechecked', 'closed')),
    level INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    words TEXT,                                     -- NULL: nothing was said
    person_id TEXT REFERENCES people (person_id),   -- NULL: the server
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (warning_id, act_no)
) STRICT;

-- What is on record already is history, and raises nothing.
INSERT INTO warning_reports (source, kind, class, area, day, received_at_ms)
    SELECT complaint_id, 'complaint', CASE WHEN instr(substr(category, instr(category, '.') + 1), '.') > 0
            THEN substr(category, 1, instr(category, '.') + instr(substr(category, instr(category, '.') + 1), '.') - 1) ELSE category END, region,
        (min(requested_at_ms, received_at_ms) + 28800000) / 86400000, received_at_ms
    FROM complaints WHERE merged_into IS NULL;
INSERT INTO warning_reports (source, kind, class, area, day, received_at_ms)
    SELECT grumble_id, 'grumble', CASE WHEN instr(substr(coalesce(category, ''), instr(coalesce(category, ''), '.') + 1), '.') > 0
            THEN substr(coalesce(category, ''), 1, instr(coalesce(category, ''), '.') + instr(substr(coalesce(category, ''), instr(coalesce(category, ''), '.') + 1), '.') - 1) ELSE coalesce(category, '') END, '',
        (min(claimed_at_ms, received_at_ms) + 28800000) / 86400000, received_at_ms
    FROM grumbles WHERE complaint_id IS NULL;
INSERT INTO warning_counts (class, area, day, number)
    SELECT class, area, day, count(*) FROM warning_reports GROUP BY class, area, day;
INSERT INTO warning_cells (class, area, first_day) SELECT class, area, min(day) FROM warning_reports GROUP BY class, area;
