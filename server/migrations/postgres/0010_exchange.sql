-- Where the chain of each device stands, and what the device has acknowledged. One row per device that ever exchanged.
CREATE TABLE device_chains (
    device_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES devices (device_id),
    sequence BIGINT NOT NULL,                      -- of the newest envelope in the server log; compare-and-set
    envelope_hash TEXT COLLATE "C" NOT NULL,                    -- its hash; 64 zeros before the first
    forked_at_ms BIGINT,                           -- NULL: one chain; else everything that comes goes to escrow
    acknowledged_epoch BIGINT NOT NULL,            -- history of acknowledged_cursor
    acknowledged_cursor BIGINT NOT NULL            -- feed position up to which the device has everything
);

-- What became of each envelope in the server log.
CREATE TABLE envelope_states (
    log_index BIGINT NOT NULL PRIMARY KEY REFERENCES server_log (log_index),
    device_id TEXT COLLATE "C" NOT NULL,                        -- its author; the office log has an id of its own
    device_seq BIGINT NOT NULL,
    visit_id TEXT COLLATE "C",                                  -- NULL: about no visit
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('visit_begin', 'change', 'command', 'restricted', 'reissue', 'chain_restart')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'merged', 'late', 'quarantined'))
);
CREATE UNIQUE INDEX envelope_states_by_device ON envelope_states (device_id, device_seq);
CREATE INDEX envelope_states_unsettled ON envelope_states (device_id) WHERE state = 'pending';
CREATE INDEX envelope_states_pending ON envelope_states (visit_id, log_index) WHERE state = 'pending';

-- Merged visits: derived from the log, can be rebuilt from it.
CREATE TABLE visit_documents (
    visit_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,                       -- raised by every commit; compare-and-set
    saved BYTEA NOT NULL,                            -- the saved document
    heads BYTEA NOT NULL,                            -- its heads, 32 bytes each, sorted
    digest BYTEA NOT NULL,                           -- sync_core::protocol::visit_digest, 8 bytes
    view_json TEXT COLLATE "C" NOT NULL,                        -- sync_core::document::VisitView
    updated_at_ms BIGINT NOT NULL
);

-- Which envelope brought a change into a visit.
CREATE TABLE changes (
    visit_id TEXT COLLATE "C" NOT NULL,
    change_hash TEXT COLLATE "C" NOT NULL,
    log_index BIGINT NOT NULL REFERENCES server_log (log_index),
    actor TEXT COLLATE "C" NOT NULL,                            -- hexadecimal
    actor_seq BIGINT NOT NULL,
    PRIMARY KEY (visit_id, change_hash)
);
CREATE INDEX changes_by_envelope ON changes (log_index);

-- Visits opened by a device in the field: in scope of their author by construction.
CREATE TABLE field_visits (
    visit_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    device_id TEXT COLLATE "C" NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL,
    complaint_id TEXT COLLATE "C",                              -- as the device says; NULL: none yet
    log_index BIGINT NOT NULL                      -- of its visit_begin
);

-- Who works on a visit, and since when the devices can know.
CREATE TABLE visit_members (
    visit_id TEXT COLLATE "C" NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL,
    assigned_position BIGINT NOT NULL,             -- in the feed
    assigned_log_index BIGINT NOT NULL,
    removed_position BIGINT,                       -- NULL: still a member
    removed_log_index BIGINT,
    PRIMARY KEY (visit_id, person_id, assigned_position)
);
CREATE INDEX visit_members_by_person ON visit_members (person_id, visit_id);

-- What devices are to be told, in one order. The counter 'feed' gives the position in the transaction of the event.
CREATE TABLE feed (
    position BIGINT NOT NULL PRIMARY KEY,
    audience TEXT COLLATE "C" NOT NULL,                         -- 'all', 'person/<id>', 'device/<id>' or 'visit/<id>': its members
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('change', 'assigned', 'unassigned', 'pack', 'result', 'command', 'rework')),
    log_index BIGINT,                              -- change, result: the envelope; NULL for other kinds
    author_device_id TEXT COLLATE "C",                          -- change: the device that has it already; NULL: nobody
    ref TEXT COLLATE "C" NOT NULL                               -- visit id, pack key, command id or JSON of a rework; '' for a change
);
CREATE INDEX feed_by_audience ON feed (audience, position);

-- What devices carry to read.
CREATE TABLE pack_items (
    audience TEXT COLLATE "C" NOT NULL,                         -- 'all' or 'person/<id>'
    pack_key TEXT COLLATE "C" NOT NULL,                         -- sync_core::protocol::PackKey
    feed_position BIGINT NOT NULL,                 -- of the newest version
    json TEXT COLLATE "C",                                      -- NULL: taken out of the pack
    PRIMARY KEY (audience, pack_key)
);

-- Envelopes that were refused, until a person decides.
CREATE TABLE quarantine (
    log_index BIGINT NOT NULL PRIMARY KEY REFERENCES server_log (log_index),
    device_id TEXT COLLATE "C" NOT NULL,
    device_seq BIGINT NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL,
    visit_id TEXT COLLATE "C",
    envelope_hash TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,                           -- stable code
    detail TEXT COLLATE "C" NOT NULL,                           -- what exactly, English
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'accepted', 'rejected', 'superseded')),
    opened_at_ms BIGINT NOT NULL,
    decided_at_ms BIGINT,                          -- NULL while open
    decided_by TEXT COLLATE "C",                                -- NULL while open, or superseded by its author
    decision_reason TEXT COLLATE "C"
);
CREATE INDEX quarantine_by_hash ON quarantine (envelope_hash);
CREATE INDEX quarantine_by_visit ON quarantine (visit_id, state);
CREATE INDEX quarantine_by_state ON quarantine (state, log_index);
CREATE INDEX quarantine_by_device ON quarantine (device_id, state);

-- Envelopes kept aside: of revoked devices, of forked chains, of frozen devices.
CREATE TABLE escrow (
    envelope_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    device_id TEXT COLLATE "C" NOT NULL,
    device_seq BIGINT NOT NULL,
    visit_id TEXT COLLATE "C",
    reason TEXT COLLATE "C" NOT NULL CHECK (reason IN ('revoked', 'fork')),
    claimed_at_ms BIGINT NOT NULL,                 -- the device's word
    not_before_ms BIGINT NOT NULL,                 -- after the newest server log entry that it names
    received_at_ms BIGINT NOT NULL,
    cose BYTEA NOT NULL,
    salt BYTEA NOT NULL,
    body BYTEA NOT NULL
);
CREATE INDEX escrow_by_device ON escrow (device_id, device_seq);

-- Competing values of one field. Closed only by an office decision.
CREATE TABLE conflicts (
    conflict_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    visit_id TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('values', 'merged_text')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'settled_in_field', 'resolved')),
    values_json TEXT COLLATE "C" NOT NULL,                      -- the competing values as sync_core::merge gives them
    opened_log_index BIGINT NOT NULL,              -- of the envelope that made it a conflict
    opened_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    settled_by TEXT COLLATE "C",                                -- person whose later value stands; NULL: nobody's
    resolved_by TEXT COLLATE "C",
    resolved_at_ms BIGINT,
    resolution_json TEXT COLLATE "C"                            -- choice and reason; NULL until resolved
);
CREATE INDEX conflicts_by_visit ON conflicts (visit_id, state, path);
CREATE INDEX conflicts_by_state ON conflicts (state, opened_log_index);

-- What became of each command: the same id gives the same answer for ever.
CREATE TABLE command_results (
    command_id TEXT COLLATE "C" NOT NULL,
    device_id TEXT COLLATE "C" NOT NULL,
    log_index BIGINT NOT NULL,                     -- of its first envelope
    outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('done', 'refused')),
    reference TEXT COLLATE "C",                                 -- done: what came of it
    reason TEXT COLLATE "C",                                    -- refused: stable code
    detail TEXT COLLATE "C",                                    -- refused: what exactly
    decided_at_ms BIGINT NOT NULL,
    PRIMARY KEY (device_id, command_id)
);

-- Which device may hold unseen work on which visit.
CREATE TABLE device_visits (
    device_id TEXT COLLATE "C" NOT NULL,
    visit_id TEXT COLLATE "C" NOT NULL,
    delivered_at_ms BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,                      -- newest envelope of the device about the visit; 0: none yet
    last_claimed_at_ms BIGINT NOT NULL,            -- its time as the device says; 0: none yet
    settled_at_ms BIGINT,                          -- NULL: may hold unseen work
    settled_by TEXT COLLATE "C" CHECK (settled_by IN ('device', 'declared_lost')),  -- NULL: may hold unseen work
    PRIMARY KEY (device_id, visit_id)
);
CREATE INDEX device_visits_by_visit ON device_visits (visit_id);

-- Changes inside quarantined envelopes: what builds on one of them waits with it.
CREATE TABLE quarantined_changes (
    visit_id TEXT COLLATE "C" NOT NULL,
    change_hash TEXT COLLATE "C" NOT NULL,
    log_index BIGINT NOT NULL REFERENCES quarantine (log_index),
    PRIMARY KEY (visit_id, change_hash, log_index)
);

-- Places where a device's chain was taken up again after a local loss.
CREATE TABLE chain_gaps (
    log_index BIGINT NOT NULL PRIMARY KEY REFERENCES server_log (log_index),  -- of the chain_restart
    device_id TEXT COLLATE "C" NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL,
    after_seq BIGINT NOT NULL,                    -- last sequence before the gap
    before_seq BIGINT NOT NULL,                   -- first sequence after it
    lost_hashes TEXT COLLATE "C" NOT NULL,                    -- of envelopes that could not be sent, one a line
    received_at_ms BIGINT NOT NULL
);
CREATE INDEX chain_gaps_by_device ON chain_gaps (device_id);

-- What was said of photos, recordings and signatures at the moment of capture.
CREATE TABLE photo_claims (
    visit_id TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    log_index BIGINT NOT NULL REFERENCES server_log (log_index),  -- of the envelope that names it
    size_bytes BIGINT NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    device_id TEXT COLLATE "C" NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL,
    claimed_at_ms BIGINT NOT NULL,                -- the device's word
    PRIMARY KEY (visit_id, sha256, log_index)
);
CREATE INDEX photo_claims_by_hash ON photo_claims (sha256);

-- The office's own chain, one for each epoch.
CREATE TABLE office_chains (
    epoch BIGINT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,                     -- of its newest envelope
    envelope_hash TEXT COLLATE "C" NOT NULL
);
