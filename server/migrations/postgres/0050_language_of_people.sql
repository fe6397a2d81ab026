-- The language that a person's pages and messages are in; NULL: what their browser likes better.
ALTER TABLE people ADD COLUMN language TEXT COLLATE "C" CHECK (language IN ('en', 'zh-CN'));
