-- One row per mark, as before, now with its view: a mark belongs to a rule, a view and a record, for equal keys of two
-- views are two records. The view of an older mark is told by the findings; it is empty here.
ALTER TABLE finding_mark ADD COLUMN scope TEXT NOT NULL DEFAULT '';

DROP INDEX finding_mark_standing;
CREATE UNIQUE INDEX finding_mark_standing ON finding_mark (rule_id, scope, record_key) WHERE withdrawn_at IS NULL;
