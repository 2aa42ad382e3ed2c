-- One row per record of the batch, in the order of case ids, with the file of the package that it stands in.
CREATE TABLE submission_record AS
SELECT *, CAST((position - 1) // :records_per_file + 1 AS INTEGER) AS file_number
FROM (
  SELECT
    record_id,
    case_id,
    decision AS op,
    org_code,
    COALESCE(fingerprint, '') AS fingerprint,
    row_number() OVER (ORDER BY case_id) AS position
  FROM submission_decision
  WHERE decision IN ('I', 'U', 'D')
);
