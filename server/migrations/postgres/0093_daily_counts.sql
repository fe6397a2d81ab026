-- Complaints received and visits ended, day by day and place by place, for the figures of the start page: counted as it
-- happens. Written by the office; a complaint that moves to another unit or region takes its counts along.
CREATE TABLE daily_counts (
    counted TEXT COLLATE "C" NOT NULL CHECK (counted IN ('received', 'ended')), -- a visit that ends twice on a day counts once
    day BIGINT NOT NULL,                           -- days since 1970, of the moment at which it began in the office
    unit TEXT COLLATE "C" NOT NULL,                             -- empty: not allotted
    region TEXT COLLATE "C" NOT NULL,                           -- empty: not known
    number BIGINT NOT NULL,
    PRIMARY KEY (counted, day, unit, region)
);
INSERT INTO daily_counts (counted, day, unit, region, number)
    SELECT 'received', (received_at_ms + 28800000) / 86400000 - 1, unit, region, count(*)
    FROM complaints GROUP BY 2, unit, region;
INSERT INTO daily_counts (counted, day, unit, region, number)
    SELECT 'ended', e.day, c.unit, c.region, count(*)
    FROM (SELECT DISTINCT complaint_id, visit_id, (received_at_ms + 28800000) / 86400000 - 1 AS day
        FROM complaint_events WHERE kind IN ('finished', 'no_access') AND visit_id IS NOT NULL) e
    JOIN complaints c ON c.complaint_id = e.complaint_id GROUP BY e.day, c.unit, c.region;
DROP INDEX complaint_events_of_ends;
