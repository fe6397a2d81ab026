-- Published versions of checklists. A version is never changed: answers given under it stay valid.
CREATE TABLE checklists (
    code TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    template_json TEXT COLLATE "C" NOT NULL,        -- sync_core::protocol::ChecklistTemplate
    published_by TEXT COLLATE "C",                  -- NULL: came with the server
    published_at_ms BIGINT NOT NULL,
    PRIMARY KEY (code, version)
);
