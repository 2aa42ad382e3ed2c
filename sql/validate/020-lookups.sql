-- No rows: functions that look values up.

-- A code that stands in its list; an empty one does not. unlisted: the columns of its row whose code does not.
-- In a CASE the engine splits the few texts there are and nothing else.
CREATE MACRO is_listed(unlisted, column_name, code) AS
  code IS NOT NULL
  AND CASE WHEN unlisted IS NULL THEN TRUE ELSE NOT list_contains(string_split(unlisted, ','), column_name) END;

-- A body that stands in ARB_ORG; no code is none.
CREATE MACRO is_known_body(code) AS
  COALESCE(code IN (SELECT o.org_code FROM valid_org o WHERE o.org_code IS NOT NULL), FALSE);
