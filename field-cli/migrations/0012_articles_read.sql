-- Which version of which article was read here last.
CREATE TABLE articles_read (
    article_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    read_at_ms INTEGER NOT NULL
) STRICT;
