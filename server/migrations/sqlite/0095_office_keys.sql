-- What checks the office log of each epoch: a key file that is lost or exchanged is noticed before anything is signed.
CREATE TABLE office_keys (
    epoch INTEGER NOT NULL PRIMARY KEY,
    public_key BLOB NOT NULL                        -- Ed25519
) STRICT;
