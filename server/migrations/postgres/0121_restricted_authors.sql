-- A report says itself who wrote it, and the server may not know them: its author is evidence, not a reference.
ALTER TABLE restricted_findings DROP CONSTRAINT restricted_findings_author_id_fkey;

-- What kind of envelope it is ('' before it was noted): a report about conduct is not shown with what is kept aside.
ALTER TABLE escrow ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT '';
