-- One row per undeleted mediation that breaks V044: the kind of mediator is out of the list.
SELECT
  record_name(mediation_id) AS record_key,
  org_code,
  ['MEDIATOR_KIND'] AS field,
  [mediator_kind] AS value
FROM valid_mediation
WHERE is_undeleted AND NOT is_listed(unlisted, 'MEDIATOR_KIND', mediator_kind);
