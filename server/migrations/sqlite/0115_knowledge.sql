-- Articles of the knowledge base. Written by the office; rows are never removed.
CREATE TABLE articles (
    article_id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,                 -- 7 is shown as K-0007
    kind TEXT NOT NULL CHECK (kind IN ('article', 'faq', 'wording', 'case')),
    version INTEGER NOT NULL CHECK (version >= 1),  -- of the row; texts have numbers of their own
    approved_no INTEGER,                            -- the newest approved version; NULL: none so far
    draft_no INTEGER,                               -- the version that waits for approval; NULL: none
    indexed TEXT NOT NULL,                          -- words by which it is found (sync_core::search::index_text)
    changed_at_ms INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    created_by TEXT NOT NULL REFERENCES people (person_id),
    withdrawn_at_ms INTEGER,                        -- NULL: it stands
    withdrawn_by TEXT REFERENCES people (person_id)
) STRICT;
CREATE INDEX articles_by_change ON articles (changed_at_ms, article_id);

-- Versions of articles. What was approved never changes.
CREATE TABLE article_versions (
    article_id TEXT NOT NULL REFERENCES articles (article_id),
    version_no INTEGER NOT NULL CHECK (version_no >= 1),
    title_zh TEXT NOT NULL,                         -- empty: no text in Chinese
    body_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,                         -- empty: no text in English
    body_en TEXT NOT NULL,
    categories_json TEXT NOT NULL,                  -- category codes; []: all
    regions_json TEXT NOT NULL,                     -- region codes; []: everywhere
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'technician', 'staff')),
    valid_from TEXT NOT NULL,                       -- YYYY-MM-DD in the office's calendar
    valid_to TEXT,                                  -- last day; NULL: until a newer version begins
    changes TEXT NOT NULL,                          -- what is new, in words
    written_by TEXT NOT NULL REFERENCES people (person_id),
    written_at_ms INTEGER NOT NULL,
    approved_by TEXT REFERENCES people (person_id), -- NULL: a draft
    approved_at_ms INTEGER,
    PRIMARY KEY (article_id, version_no)
) STRICT;

-- Everything that was done about an article.
CREATE TABLE article_acts (
    article_id TEXT NOT NULL REFERENCES articles (article_id),
    act_no INTEGER NOT NULL,                        -- 1, 2, 3 …
    act TEXT NOT NULL CHECK (act IN ('written', 'approved', 'withdrawn')),
    version_no INTEGER NOT NULL,                    -- the version that it was about
    words TEXT,                                     -- a reason
    person_id TEXT NOT NULL REFERENCES people (person_id),
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (article_id, act_no)
) STRICT;
