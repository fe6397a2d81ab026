-- The instruction that sends someone to a complaint. Written by the office and by commands of devices.
CREATE TABLE work_orders (
    work_order_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    complaint_id TEXT COLLATE "C" NOT NULL REFERENCES complaints (complaint_id),
    version BIGINT NOT NULL CHECK (version >= 1),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('planned', 'assigned', 'accepted', 'declined', 'rework', 'done', 'approved',
        'cancelled')),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('investigation', 'return_visit')),
    checklist TEXT COLLATE "C" NOT NULL,            -- code of a checklist
    instructions TEXT COLLATE "C",                  -- NULL: none
    priority TEXT COLLATE "C" NOT NULL CHECK (priority IN ('normal', 'high', 'urgent')),
    due_at_ms BIGINT,                               -- when somebody must be on site; NULL: no limit
    created_by TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX work_orders_by_complaint ON work_orders (complaint_id);
CREATE INDEX work_orders_by_state ON work_orders (state, work_order_id);

-- What the office knows about a visit: who sent whom when, and what devices reported. What was found lies in the
-- visit document.
CREATE TABLE visit_plans (
    visit_id TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- minted here, or by the device for a visit born in the field
    work_order_id TEXT COLLATE "C" REFERENCES work_orders (work_order_id), -- NULL: born in the field
    complaint_id TEXT COLLATE "C" REFERENCES complaints (complaint_id), -- NULL: field work without a complaint
    version BIGINT NOT NULL CHECK (version >= 1),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('planned', 'accepted', 'on_site', 'no_access', 'finished', 'approved',
        'rework', 'cancelled')),
    origin TEXT COLLATE "C" NOT NULL CHECK (origin IN ('office', 'field')),
    checklist TEXT COLLATE "C" NOT NULL,
    planned_on TEXT COLLATE "C" NOT NULL,           -- YYYY-MM-DD in the office's calendar
    appointment_from_ms BIGINT,                     -- NULL: no appointment
    appointment_to_ms BIGINT,
    arrived_claimed_ms BIGINT,                      -- the device's word for the first arrival; NULL: not yet
    arrived_received_ms BIGINT,
    ended_claimed_ms BIGINT,                        -- finished, or left without access; NULL: not yet
    ended_received_ms BIGINT,
    outcome TEXT COLLATE "C",                       -- of a finished visit, or why there was no access
    created_by TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX visit_plans_by_complaint ON visit_plans (complaint_id);
CREATE INDEX visit_plans_by_work_order ON visit_plans (work_order_id);
CREATE INDEX visit_plans_by_day ON visit_plans (planned_on, visit_id);

-- Who was sent to a visit from when to when. A row ends; it is never removed.
CREATE TABLE visit_assignments (
    visit_id TEXT COLLATE "C" NOT NULL REFERENCES visit_plans (visit_id),
    person_id TEXT COLLATE "C" NOT NULL,
    assigned_at_ms BIGINT NOT NULL,
    assigned_by TEXT COLLATE "C" NOT NULL,
    accepted_at_ms BIGINT,                          -- NULL: not accepted yet
    ended_at_ms BIGINT,                             -- NULL: still assigned
    ended_by TEXT COLLATE "C",
    end_reason TEXT COLLATE "C",                    -- 'declined: …' or what the office gave; NULL: none given
    PRIMARY KEY (visit_id, person_id, assigned_at_ms)
);
CREATE UNIQUE INDEX visit_assignments_now ON visit_assignments (visit_id, person_id) WHERE ended_at_ms IS NULL;
CREATE INDEX visit_assignments_by_person ON visit_assignments (person_id, ended_at_ms);

-- Work of technicians whose complaint was refused: waits for somebody to link it.
CREATE TABLE field_work (
    field_work_id TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- the command that was refused
    complaint_id TEXT COLLATE "C" NOT NULL,         -- the id that the device minted
    visit_id TEXT COLLATE "C",                      -- the visit recorded under it; NULL: none
    provisional_number TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,               -- why it was refused, a stable code
    request_json TEXT COLLATE "C" NOT NULL,         -- what the technician typed; personal data
    person_id TEXT COLLATE "C" NOT NULL,
    device_id TEXT COLLATE "C" NOT NULL,
    claimed_at_ms BIGINT NOT NULL,
    received_at_ms BIGINT NOT NULL,
    linked_to TEXT COLLATE "C" REFERENCES complaints (complaint_id), -- NULL: still waits
    linked_by TEXT COLLATE "C",
    linked_at_ms BIGINT
);
CREATE INDEX field_work_open ON field_work (linked_to, received_at_ms);
CREATE UNIQUE INDEX field_work_by_visit ON field_work (visit_id);

-- Grumbles: heard in the field, no complaint yet. The queue of prevention.
CREATE TABLE grumbles (
    grumble_id TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- the command that brought it
    text TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C",                      -- NULL: none given
    place TEXT COLLATE "C",                         -- NULL: none given
    person_id TEXT COLLATE "C" NOT NULL,
    device_id TEXT COLLATE "C" NOT NULL,
    claimed_at_ms BIGINT NOT NULL,
    received_at_ms BIGINT NOT NULL,
    complaint_id TEXT COLLATE "C" REFERENCES complaints (complaint_id), -- the complaint made of it; NULL: none
    settled_by TEXT COLLATE "C",                    -- NULL: nobody looked at it yet
    settled_at_ms BIGINT,
    settled_note TEXT COLLATE "C"
);
CREATE INDEX grumbles_open ON grumbles (settled_at_ms, received_at_ms);

-- Deadlines of promises made to customers on site.
CREATE TABLE promise_deadlines (
    visit_id TEXT COLLATE "C" NOT NULL,
    entry_id TEXT COLLATE "C" NOT NULL,             -- its entry in the visit document
    due_at_ms BIGINT NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL,
    device_id TEXT COLLATE "C" NOT NULL,
    claimed_at_ms BIGINT NOT NULL,
    received_at_ms BIGINT NOT NULL,
    kept_at_ms BIGINT,                              -- NULL: still open
    kept_by TEXT COLLATE "C",
    PRIMARY KEY (visit_id, entry_id)
);
CREATE INDEX promise_deadlines_by_due ON promise_deadlines (kept_at_ms, due_at_ms);

-- Photos that will never arrive, as their technician declared. Releases the gate and stays visible.
CREATE TABLE photo_declarations (
    visit_id TEXT COLLATE "C" NOT NULL,
    entry_id TEXT COLLATE "C" NOT NULL,             -- its entry in the visit document
    reason TEXT COLLATE "C" NOT NULL,
    person_id TEXT COLLATE "C" NOT NULL,
    device_id TEXT COLLATE "C" NOT NULL,
    claimed_at_ms BIGINT NOT NULL,
    received_at_ms BIGINT NOT NULL,
    PRIMARY KEY (visit_id, entry_id)
);
