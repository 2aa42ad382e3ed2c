-- One row per block of 64 case numbers in case_block; none in the functions, which look values up.
CREATE TABLE case_block AS
SELECT case_id >> 6 AS block, bit_or(bit_of(case_id)) AS bits FROM valid_case WHERE case_id IS NOT NULL GROUP BY block;

-- A code that stands in its list; an empty one does not. unlisted: the columns of its row whose code does not.
-- In a CASE the engine splits the few texts there are and nothing else.
CREATE MACRO is_listed(unlisted, column_name, code) AS
  code IS NOT NULL
  AND CASE WHEN unlisted IS NULL THEN TRUE ELSE NOT list_contains(string_split(unlisted, ','), column_name) END;

-- A body that stands in ARB_ORG; no code is none.
CREATE MACRO is_known_body(code) AS
  COALESCE(code IN (SELECT o.org_code FROM valid_org o WHERE o.org_code IS NOT NULL), FALSE);
