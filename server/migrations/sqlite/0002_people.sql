-- Persons who sign in: technicians, office staff, administrators.
CREATE TABLE people (
    person_id TEXT NOT NULL PRIMARY KEY,
    login_name TEXT NOT NULL UNIQUE,                -- folded to lower case; what is typed at sign-in
    display_name TEXT NOT NULL,                     -- shown beside what the person recorded
    staff_number TEXT NOT NULL,                     -- of the utility; may be empty
    password_hash TEXT,                             -- argon2id, PHC string; NULL: cannot sign in to the office
    created_at_ms INTEGER NOT NULL,
    disabled_at_ms INTEGER,                         -- NULL: may sign in
    version INTEGER NOT NULL                        -- raised by every change (If-Match)
) STRICT;

-- What a person may do, and where.
CREATE TABLE person_roles (
    person_id TEXT NOT NULL REFERENCES people (person_id),
    role TEXT NOT NULL CHECK (role IN ('technician', 'clerk', 'reviewer', 'lead', 'administrator', 'expert')),
    unit TEXT NOT NULL,                             -- '' means every unit
    region TEXT NOT NULL,                           -- '' means every region
    PRIMARY KEY (person_id, role, unit, region)
) STRICT;

-- Sessions of office people. The token itself is nowhere.
CREATE TABLE sessions (
    token_sha256 TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (person_id),
    created_at_ms INTEGER NOT NULL,
    last_used_at_ms INTEGER NOT NULL,               -- written at most once a minute
    expires_at_ms INTEGER NOT NULL                  -- absolute end
) STRICT;
CREATE INDEX sessions_by_person ON sessions (person_id);

-- Failed attempts at sign-in and enrolment, for slowing guesses down. Rows may be lost without harm.
CREATE TABLE attempts (
    subject TEXT NOT NULL PRIMARY KEY,              -- what is guarded, hashed: login name or client address
    window_began_at_ms INTEGER NOT NULL,
    failures INTEGER NOT NULL
) STRICT;
