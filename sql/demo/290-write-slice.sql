-- One row per row of the slice, in the order of the keys, so that the file is the same whatever the threads
-- did.
INSERT INTO arb_case SELECT * FROM demo_arb_case ORDER BY case_id, updated_at;
INSERT INTO arb_party SELECT * FROM demo_arb_party ORDER BY party_id, updated_at;
INSERT INTO arb_claim SELECT * FROM demo_arb_claim ORDER BY claim_id;
INSERT INTO arb_mediation SELECT * FROM demo_arb_mediation ORDER BY mediation_id;
INSERT INTO pre_application SELECT * FROM demo_pre_application ORDER BY pre_app_id, updated_at;
