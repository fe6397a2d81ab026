-- Published versions of checklists. A version is never changed: answers given under it stay valid.
CREATE TABLE checklists (
    code TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    template_json TEXT NOT NULL,                    -- sync_core::protocol::ChecklistTemplate
    published_by TEXT,                              -- NULL: came with the server
    published_at_ms INTEGER NOT NULL,
    PRIMARY KEY (code, version)
) STRICT;
