-- Which organisation unit of the utility answers for a complaint: it limits who sees it, as the region does.
ALTER TABLE complaints ADD COLUMN unit TEXT NOT NULL DEFAULT ''; -- as in person_roles.unit; '': not allotted yet
CREATE INDEX complaints_by_unit ON complaints (unit, ordinal);
-- The units to choose from are those that somebody works for.
CREATE INDEX person_roles_by_unit ON person_roles (unit) WHERE unit <> '';
