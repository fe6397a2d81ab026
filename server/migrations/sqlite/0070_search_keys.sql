-- What words are looked up by, on both engines alike: every word of complaint_search.indexed with the word after it,
-- a Chinese character being a word (sync_core::search::index_keys). Written together with complaint_search.
CREATE TABLE complaint_search_keys (
    key TEXT NOT NULL,                              -- "word next", or "word " at the end
    ordinal INTEGER NOT NULL REFERENCES complaints (ordinal),
    PRIMARY KEY (key, ordinal)
) STRICT, WITHOUT ROWID;

WITH RECURSIVE words (ordinal, earlier, word, rest) AS (
    SELECT ordinal, '', '', indexed || ' ' FROM complaint_search WHERE indexed <> ''
    UNION ALL
    SELECT ordinal, word, substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1)
    FROM words WHERE rest <> ''
), pairs (key, ordinal) AS (
    SELECT earlier || ' ' || word, ordinal FROM words WHERE earlier <> ''
    UNION
    SELECT word || ' ', ordinal FROM words WHERE rest = ''
)
INSERT INTO complaint_search_keys (key, ordinal) SELECT key, ordinal FROM pairs;

-- One way of looking things up is enough.
DROP TRIGGER complaint_search_added;
DROP TRIGGER complaint_search_changed;
DROP TABLE complaint_search_fts;
