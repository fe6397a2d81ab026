-- Where the chain of each device stands, and what the device has acknowledged. One row per device that ever exchanged.
CREATE TABLE device_chains (
    device_id TEXT NOT NULL PRIMARY KEY REFERENCES devices (device_id),
    sequence INTEGER NOT NULL,                      -- of the newest envelope in the server log; compare-and-set
    envelope_hash TEXT NOT NULL,                    -- its hash; 64 zeros before the first
    forked_at_ms INTEGER,                           -- NULL: one chain; else everything that comes goes to escrow
    acknowledged_epoch INTEGER NOT NULL,            -- history of acknowledged_cursor
    acknowledged_cursor INTEGER NOT NULL            -- feed position up to which the device has everything
) STRICT;

-- What became of each envelope in the server log.
CREATE TABLE envelope_states (
    log_index INTEGER NOT NULL PRIMARY KEY REFERENCES server_log (log_index),
    device_id TEXT NOT NULL,                        -- its author; the office log has an id of its own
    device_seq INTEGER NOT NULL,
    visit_id TEXT,                                  -- NULL: about no visit
    kind TEXT NOT NULL CHECK (kind IN ('visit_begin', 'change', 'command', 'restricted', 'reissue', 'chain_restart')),
    state TEXT NOT NULL CHECK (state IN ('pending', 'merged', 'late', 'quarantined'))
) STRICT;
CREATE UNIQUE INDEX envelope_states_by_device ON envelope_states (device_id, device_seq);
CREATE INDEX envelope_states_unsettled ON envelope_states (device_id) WHERE state = 'pending';
CREATE INDEX envelope_states_pending ON envelope_states (visit_id, log_index) WHERE state = 'pending';

-- Merged visits: derived from the log, can be rebuilt from it.
CREATE TABLE visit_documents (
    visit_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,                       -- raised by every commit; compare-and-set
    saved BLOB NOT NULL,                            -- the saved document
    heads BLOB NOT NULL,                            -- its heads, 32 bytes each, sorted
    digest BLOB NOT NULL,                           -- sync_core::protocol::visit_digest, 8 bytes
    view_json TEXT NOT NULL,                        -- sync_core::document::VisitView
    updated_at_ms INTEGER NOT NULL
) STRICT;

-- Which envelope brought a change into a visit.
CREATE TABLE changes (
    visit_id TEXT NOT NULL,
    change_hash TEXT NOT NULL,
    log_index INTEGER NOT NULL REFERENCES server_log (log_index),
    actor TEXT NOT NULL,                            -- hexadecimal
    actor_seq INTEGER NOT NULL,
    PRIMARY KEY (visit_id, change_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_by_envelope ON changes (log_index);

-- Visits opened by a device in the field: in scope of their author by construction.
CREATE TABLE field_visits (
    visit_id TEXT NOT NULL PRIMARY KEY,
    device_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    complaint_id TEXT,                              -- as the device says; NULL: none yet
    log_index INTEGER NOT NULL                      -- of its visit_begin
) STRICT;

-- Who works on a visit, and since when the devices can know.
CREATE TABLE visit_members (
    visit_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    assigned_position INTEGER NOT NULL,             -- in the feed
    assigned_log_index INTEGER NOT NULL,
    removed_position INTEGER,                       -- NULL: still a member
    removed_log_index INTEGER,
    PRIMARY KEY (visit_id, person_id, assigned_position)
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_members_by_person ON visit_members (person_id, visit_id);

-- What devices are to be told, in one order. The counter 'feed' gives the position in the transaction of the event.
CREATE TABLE feed (
    position INTEGER NOT NULL PRIMARY KEY,
    audience TEXT NOT NULL,                         -- 'all', 'person/<id>', 'device/<id>' or 'visit/<id>': its members
    kind TEXT NOT NULL CHECK (kind IN ('change', 'assigned', 'unassigned', 'pack', 'result', 'command', 'rework')),
    log_index INTEGER,                              -- change, result: the envelope; NULL for other kinds
    author_device_id TEXT,                          -- change: the device that has it already; NULL: nobody
    ref TEXT NOT NULL                               -- visit id, pack key, command id or JSON of a rework; '' for a change
) STRICT;
CREATE INDEX feed_by_audience ON feed (audience, position);

-- What devices carry to read.
CREATE TABLE pack_items (
    audience TEXT NOT NULL,                         -- 'all' or 'person/<id>'
    pack_key TEXT NOT NULL,                         -- sync_core::protocol::PackKey
    feed_position INTEGER NOT NULL,                 -- of the newest version
    json TEXT,                                      -- NULL: taken out of the pack
    PRIMARY KEY (audience, pack_key)
) STRICT, WITHOUT ROWID;

-- Envelopes that were refused, until a person decides.
CREATE TABLE quarantine (
    log_index INTEGER NOT NULL PRIMARY KEY REFERENCES server_log (log_index),
    device_id TEXT NOT NULL,
    device_seq INTEGER NOT NULL,
    person_id TEXT NOT NULL,
    visit_id TEXT,
    envelope_hash TEXT NOT NULL,
    reason TEXT NOT NULL,                           -- stable code
    detail TEXT NOT NULL,                           -- what exactly, English
    state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'rejected', 'superseded')),
    opened_at_ms INTEGER NOT NULL,
    decided_at_ms INTEGER,                          -- NULL while open
    decided_by TEXT,                                -- NULL while open, or superseded by its author
    decision_reason TEXT
) STRICT;
CREATE INDEX quarantine_by_hash ON quarantine (envelope_hash);
CREATE INDEX quarantine_by_visit ON quarantine (visit_id, state);
CREATE INDEX quarantine_by_state ON quarantine (state, log_index);
CREATE INDEX quarantine_by_device ON quarantine (device_id, state);

-- Envelopes kept aside: of revoked devices, of forked chains, of frozen devices.
CREATE TABLE escrow (
    envelope_hash TEXT NOT NULL PRIMARY KEY,
    device_id TEXT NOT NULL,
    device_seq INTEGER NOT NULL,
    visit_id TEXT,
    reason TEXT NOT NULL CHECK (reason IN ('revoked', 'fork')),
    claimed_at_ms INTEGER NOT NULL,                 -- the device's word
    not_before_ms INTEGER NOT NULL,                 -- after the newest server log entry that it names
    received_at_ms INTEGER NOT NULL,
    cose BLOB NOT NULL,
    salt BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX escrow_by_device ON escrow (device_id, device_seq);

-- Competing values of one field. Closed only by an office decision.
CREATE TABLE conflicts (
    conflict_id TEXT NOT NULL PRIMARY KEY,
    visit_id TEXT NOT NULL,
    path TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('values', 'merged_text')),
    state TEXT NOT NULL CHECK (state IN ('open', 'settled_in_field', 'resolved')),
    values_json TEXT NOT NULL,                      -- the competing values as sync_core::merge gives them
    opened_log_index INTEGER NOT NULL,              -- of the envelope that made it a conflict
    opened_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    settled_by TEXT,                                -- person whose later value stands; NULL: nobody's
    resolved_by TEXT,
    resolved_at_ms INTEGER,
    resolution_json TEXT                            -- choice and reason; NULL until resolved
) STRICT;
CREATE INDEX conflicts_by_visit ON conflicts (visit_id, state, path);
CREATE INDEX conflicts_by_state ON conflicts (state, opened_log_index);

-- What became of each command: the same id gives the same answer for ever.
CREATE TABLE command_results (
    command_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    log_index INTEGER NOT NULL,                     -- of its first envelope
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    reference TEXT,                                 -- done: what came of it
    reason TEXT,                                    -- refused: stable code
    detail TEXT,                                    -- refused: what exactly
    decided_at_ms INTEGER NOT NULL,
    PRIMARY KEY (device_id, command_id)
) STRICT;

-- Which device may hold unseen work on which visit.
CREATE TABLE device_visits (
    device_id TEXT NOT NULL,
    visit_id TEXT NOT NULL,
    delivered_at_ms INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,                      -- newest envelope of the device about the visit; 0: none yet
    last_claimed_at_ms INTEGER NOT NULL,            -- its time as the device says; 0: none yet
    settled_at_ms INTEGER,                          -- NULL: may hold unseen work
    settled_by TEXT CHECK (settled_by IN ('device', 'declared_lost')),  -- NULL: may hold unseen work
    PRIMARY KEY (device_id, visit_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_visits_by_visit ON device_visits (visit_id);

-- Changes inside quarantined envelopes: what builds on one of them waits with it.
CREATE TABLE quarantined_changes (
    visit_id TEXT NOT NULL,
    change_hash TEXT NOT NULL,
    log_index INTEGER NOT NULL REFERENCES quarantine (log_index),
    PRIMARY KEY (visit_id, change_hash, log_index)
) STRICT;

-- Places where a device's chain was taken up again after a local loss.
CREATE TABLE chain_gaps (
    log_index INTEGER NOT NULL PRIMARY KEY REFERENCES server_log (log_index),  -- of the chain_restart
    device_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    after_seq INTEGER NOT NULL,                    -- last sequence before the gap
    before_seq INTEGER NOT NULL,                   -- first sequence after it
    lost_hashes TEXT NOT NULL,                    -- of envelopes that could not be sent, one a line
    received_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX chain_gaps_by_device ON chain_gaps (device_id);

-- What was said of photos, recordings and signatures at the moment of capture.
CREATE TABLE photo_claims (
    visit_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    log_index INTEGER NOT NULL REFERENCES server_log (log_index),  -- of the envelope that names it
    size_bytes INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    device_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    claimed_at_ms INTEGER NOT NULL,                -- the device's word
    PRIMARY KEY (visit_id, sha256, log_index)
) STRICT;
CREATE INDEX photo_claims_by_hash ON photo_claims (sha256);

-- The office's own chain, one for each epoch.
CREATE TABLE office_chains (
    epoch INTEGER NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL,                     -- of its newest envelope
    envelope_hash TEXT NOT NULL
) STRICT;
