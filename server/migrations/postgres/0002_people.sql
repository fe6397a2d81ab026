-- Persons who sign in: technicians, office staff, administrators.
CREATE TABLE people (
    person_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    login_name TEXT COLLATE "C" NOT NULL UNIQUE,    -- folded to lower case; what is typed at sign-in
    display_name TEXT COLLATE "C" NOT NULL,         -- shown beside what the person recorded
    staff_number TEXT COLLATE "C" NOT NULL,         -- of the utility; may be empty
    password_hash TEXT COLLATE "C",                 -- argon2id, PHC string; NULL: cannot sign in to the office
    created_at_ms BIGINT NOT NULL,
    disabled_at_ms BIGINT,                          -- NULL: may sign in
    version BIGINT NOT NULL                         -- raised by every change (If-Match)
);

-- What a person may do, and where.
CREATE TABLE person_roles (
    person_id TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('technician', 'clerk', 'reviewer', 'lead', 'administrator', 'expert')),
    unit TEXT COLLATE "C" NOT NULL,                 -- '' means every unit
    region TEXT COLLATE "C" NOT NULL,               -- '' means every region
    PRIMARY KEY (person_id, role, unit, region)
);

-- Sessions of office people. The token itself is nowhere.
CREATE TABLE sessions (
    token_sha256 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    person_id TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    created_at_ms BIGINT NOT NULL,
    last_used_at_ms BIGINT NOT NULL,                -- written at most once a minute
    expires_at_ms BIGINT NOT NULL                   -- absolute end
);
CREATE INDEX sessions_by_person ON sessions (person_id);

-- Failed attempts at sign-in and enrolment, for slowing guesses down. Rows may be lost without harm.
CREATE TABLE attempts (
    subject TEXT COLLATE "C" NOT NULL PRIMARY KEY,  -- what is guarded, hashed: login name or client address
    window_began_at_ms BIGINT NOT NULL,
    failures BIGINT NOT NULL
);
