-- What words are looked up by, on both engines alike: every word of complaint_search.indexed with the word after it,
-- a Chinese character being a word (sync_core::search::index_keys). Written together with complaint_search.
CREATE TABLE complaint_search_keys (
    key TEXT COLLATE "C" NOT NULL,                  -- "word next", or "word " at the end
    ordinal BIGINT NOT NULL REFERENCES complaints (ordinal),
    PRIMARY KEY (key, ordinal)
);

WITH pairs (key, ordinal) AS (
    SELECT DISTINCT w.word || ' ' || coalesce(lead(w.word) OVER (PARTITION BY s.ordinal ORDER BY w.place), ''),
        s.ordinal
    FROM complaint_search s CROSS JOIN LATERAL unnest(string_to_array(s.indexed, ' ')) WITH ORDINALITY AS w (word, place)
)
INSERT INTO complaint_search_keys (key, ordinal) SELECT key, ordinal FROM pairs;
