-- No rows yet: the slice's rows of each view, in memory, where the defects are put in before anything is
-- written.
CREATE OR REPLACE TEMP TABLE demo_arb_case AS SELECT * FROM arb_case LIMIT 0;
CREATE OR REPLACE TEMP TABLE demo_arb_party AS SELECT * FROM arb_party LIMIT 0;
CREATE OR REPLACE TEMP TABLE demo_arb_claim AS SELECT * FROM arb_claim LIMIT 0;
CREATE OR REPLACE TEMP TABLE demo_arb_mediation AS SELECT * FROM arb_mediation LIMIT 0;
CREATE OR REPLACE TEMP TABLE demo_pre_application AS SELECT * FROM pre_application LIMIT 0;
