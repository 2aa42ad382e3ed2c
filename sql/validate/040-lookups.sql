-- No rows: functions that look values up; the engine wants their tables first.

-- A code that stands in its list; an empty one does not.
CREATE MACRO is_listed(list_name, value) AS
  COALESCE(value IN (SELECT l.code FROM code_list l WHERE l.list = list_name), FALSE);

-- A body that stands in ARB_ORG; no code is none.
CREATE MACRO is_known_body(code) AS
  COALESCE(code IN (SELECT o.org_code FROM valid_org o WHERE o.org_code IS NOT NULL), FALSE);
