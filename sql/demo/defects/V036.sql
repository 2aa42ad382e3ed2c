-- One row per worker who was fifteen years old on applying.
INSERT INTO demo_defect
SELECT 'V036', 'ARB_PARTY', (case_id * 10 + 1)::VARCHAR, case_id,
  'ID_NO and BIRTH_DATE set to those of a worker of 15'
FROM demo_free
WHERE applicant_side = '1' AND applicant_id_no IS NOT NULL AND apply_date < getvariable('demo_as_of') - 30
ORDER BY draw, case_id
LIMIT getvariable('demo_defects');

UPDATE demo_arb_party SET id_no = demo_citizen_number(young.stem), birth_date = young.birth_date::TIMESTAMP
FROM (
  SELECT
    case_id,
    birth_date,
    substr(applicant_id_no, 1, 6)::BIGINT * 100000000000
      + (year(birth_date) * 10000 + month(birth_date) * 100 + day(birth_date)) * 1000
      + substr(applicant_id_no, 15, 3)::BIGINT AS stem
  FROM (
    SELECT
      p.case_id,
      p.applicant_id_no,
      (p.apply_date - INTERVAL 15 YEAR - INTERVAL 60 DAY)::DATE AS birth_date
    FROM demo_pool p
    WHERE p.case_id IN (
      SELECT case_id FROM demo_defect WHERE rule_id = 'V036'
    )
  )
) young
WHERE demo_arb_party.party_id = young.case_id * 10 + 1;
