-- By what a form proves that it comes from a page of a session. It also tells whose form it is that comes after the
-- session ended; ended sessions are kept for a day for that. NULL: a session from before this migration.
ALTER TABLE sessions ADD COLUMN form_token TEXT;
CREATE UNIQUE INDEX sessions_by_form_token ON sessions (form_token);

-- What somebody typed into a form that was sent after their session had ended. Given back to that person alone.
CREATE TABLE kept_forms (
    key_sha256 TEXT NOT NULL PRIMARY KEY,           -- of the key in the address
    person_id TEXT NOT NULL REFERENCES people (person_id),
    path TEXT NOT NULL,                             -- where the form goes
    body TEXT NOT NULL,                             -- its fields, as the browser sent them
    expires_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX kept_forms_by_end ON kept_forms (expires_at_ms);

-- Words that were looked for, so that names, phones and addresses stand in no address (docs/decisions/0019).
CREATE TABLE kept_searches (
    session TEXT NOT NULL REFERENCES sessions (token_sha256) ON DELETE CASCADE,
    search_key TEXT NOT NULL,                       -- stands in the address
    words TEXT NOT NULL,
    PRIMARY KEY (session, search_key)
) STRICT, WITHOUT ROWID;
