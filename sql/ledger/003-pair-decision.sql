-- One row per person's word on a pre-application and a case: that they belong together, or that they do not. A later word
-- withdraws an earlier one, which stays as history.
CREATE TABLE pair_decision (
  id INTEGER PRIMARY KEY,
  pre_app_id TEXT NOT NULL,
  case_id TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('confirmed', 'rejected')),
  reason TEXT,
  actor TEXT NOT NULL,
  decided_at TEXT NOT NULL,
  withdrawn_at TEXT
) STRICT;

CREATE UNIQUE INDEX pair_decision_standing ON pair_decision (pre_app_id, case_id) WHERE withdrawn_at IS NULL;
