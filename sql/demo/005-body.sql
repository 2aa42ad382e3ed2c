-- One row per arbitration body: filled by the caller, in the order of ORG_CODE.
CREATE OR REPLACE TEMP TABLE demo_body (
  body_number BIGINT,
  org_code VARCHAR,
  org_name VARCHAR,
  district_code VARCHAR,
  place VARCHAR,
  org_level VARCHAR,
  case_word VARCHAR,
  weight BIGINT,
  mood VARCHAR
);

-- One row per person who comes back: the later case and the earlier one.
CREATE OR REPLACE TEMP TABLE demo_repeated (case_id BIGINT, earlier_case_id BIGINT);

-- One row per injected defect: the rule, the record that the finding names, what was done.
CREATE OR REPLACE TEMP TABLE demo_defect (
  rule_id VARCHAR, view_name VARCHAR, record_key VARCHAR, case_id BIGINT, done VARCHAR
);

-- One row per further finding that a defect brings about.
CREATE OR REPLACE TEMP TABLE demo_side_effect (
  rule_id VARCHAR, record_key VARCHAR, caused_by_rule VARCHAR, caused_by_record VARCHAR
);
