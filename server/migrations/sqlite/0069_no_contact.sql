-- Why nobody can be reached about a complaint whose customer's name or phone is not known.
ALTER TABLE complaints ADD COLUMN no_contact_reason TEXT; -- may be erased; NULL: both are known, or nobody said why
