-- Conflicts that somebody settled in the field and about which the office has not decided yet.
CREATE TABLE settled (
    visit_id TEXT NOT NULL,
    path TEXT NOT NULL,
    PRIMARY KEY (visit_id, path)
) STRICT;
