-- Articles of the knowledge base. Written by the office; rows are never removed.
CREATE TABLE articles (
    article_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,                 -- 7 is shown as K-0007
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('article', 'faq', 'wording', 'case')),
    version BIGINT NOT NULL CHECK (version >= 1),  -- of the row; texts have numbers of their own
    approved_no BIGINT,                            -- the newest approved version; NULL: none so far
    draft_no BIGINT,                               -- the version that waits for approval; NULL: none
    indexed TEXT COLLATE "C" NOT NULL,                          -- words by which it is found (sync_core::search::index_text)
    changed_at_ms BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    withdrawn_at_ms BIGINT,                        -- NULL: it stands
    withdrawn_by TEXT COLLATE "C" REFERENCES people (person_id)
);
CREATE INDEX articles_by_change ON articles (changed_at_ms, article_id);

-- Versions of articles. What was approved never changes.
CREATE TABLE article_versions (
    article_id TEXT COLLATE "C" NOT NULL REFERENCES articles (article_id),
    version_no BIGINT NOT NULL CHECK (version_no >= 1),
    title_zh TEXT COLLATE "C" NOT NULL,                         -- empty: no text in Chinese
    body_zh TEXT COLLATE "C" NOT NULL,
    title_en TEXT COLLATE "C" NOT NULL,                         -- empty: no text in English
    body_en TEXT COLLATE "C" NOT NULL,
    categories_json TEXT COLLATE "C" NOT NULL,                  -- category codes; []: all
    regions_json TEXT COLLATE "C" NOT NULL,                     -- region codes; []: everywhere
    visibility TEXT COLLATE "C" NOT NULL CHECK (visibility IN ('public', 'technician', 'staff')),
    valid_from TEXT COLLATE "C" NOT NULL,                       -- YYYY-MM-DD in the office's calendar
    valid_to TEXT COLLATE "C",                                  -- last day; NULL: until a newer version begins
    changes TEXT COLLATE "C" NOT NULL,                          -- what is new, in words
    written_by TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    written_at_ms BIGINT NOT NULL,
    approved_by TEXT COLLATE "C" REFERENCES people (person_id), -- NULL: a draft
    approved_at_ms BIGINT,
    PRIMARY KEY (article_id, version_no)
);

-- Everything that was done about an article.
CREATE TABLE article_acts (
    article_id TEXT COLLATE "C" NOT NULL REFERENCES articles (article_id),
    act_no BIGINT NOT NULL,                        -- 1, 2, 3 …
    act TEXT COLLATE "C" NOT NULL CHECK (act IN ('written', 'approved', 'withdrawn')),
    version_no BIGINT NOT NULL,                    -- the version that it was about
    words TEXT COLLATE "C",                                     -- a reason
    person_id TEXT COLLATE "C" NOT NULL REFERENCES people (person_id),
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (article_id, act_no)
);
