-- One row per case of the slice whose worker had a case before.
INSERT INTO demo_repeated
SELECT case_id, earlier_case + getvariable('demo_first_case_id')
FROM demo_case_life
WHERE earlier_case IS NOT NULL;
