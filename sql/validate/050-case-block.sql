-- One row per block of 64 case numbers: which of them there are, a bit for each.
CREATE TEMP TABLE case_block AS
SELECT case_id >> 6 AS block, bit_or(bit_of(case_id)) AS bits FROM valid_case WHERE case_id IS NOT NULL GROUP BY block;
