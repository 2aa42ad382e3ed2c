-- One row per excluded case or mediation and rule that it broke, with what the finding says about it.
WITH excluded AS (
  SELECT '仲裁案件' AS kind, 'ARB_CASE' AS view, record_name(case_id) AS record_key, case_no, org_code, exclusion
  FROM case_fact
  WHERE exclusion IS NOT NULL
  UNION ALL
  SELECT '案外调解', 'ARB_MEDIATION', record_name(mediation_id), NULL, org_code, exclusion
  FROM mediation_fact
  WHERE exclusion IS NOT NULL
),
broken AS (
  SELECT kind, view, record_key, case_no, org_code, unnest(string_split(exclusion, ',')) AS rule_id
  FROM excluded
)
SELECT
  b.kind,
  b.record_key,
  b.case_no,
  b.org_code,
  b.rule_id,
  COALESCE(f.field, CASE WHEN b.rule_id = 'V050' THEN 'DELETED' END) AS field,
  f.value,
  COALESCE(f.message, CASE WHEN b.rule_id = 'V050' THEN '删除标志既不是0也不是1' END) AS message
FROM broken b
LEFT JOIN finding f ON f.rule_id = b.rule_id AND f.scope = b.view AND f.record_key = b.record_key
ORDER BY b.kind, b.org_code NULLS LAST, b.record_key, b.rule_id
