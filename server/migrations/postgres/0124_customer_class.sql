-- What kind of customer complains; NULL: not known.
ALTER TABLE complaints ADD COLUMN customer_class TEXT COLLATE "C"
    CHECK (customer_class IN ('residential', 'commercial', 'industrial', 'cng', 'other'));
