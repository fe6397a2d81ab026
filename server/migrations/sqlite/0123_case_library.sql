-- The closed complaint that a case of the library came from; NULL for other kinds of articles.
ALTER TABLE articles ADD COLUMN source_complaint_id TEXT REFERENCES complaints (complaint_id);
CREATE INDEX articles_by_source ON articles (source_complaint_id) WHERE source_complaint_id IS NOT NULL;
