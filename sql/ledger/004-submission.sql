-- One row per delivery, receipt, loss and release: what became of batches. A batch itself is a publication of its product.

-- One row per `submit` of a batch; sending without finished_at is a process that is at it, or died at it.
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY,
  batch TEXT NOT NULL,
  channel TEXT NOT NULL,
  run_id TEXT NOT NULL REFERENCES run (id),
  state TEXT NOT NULL CHECK (state IN ('sending', 'delivered', 'failed', 'unknown')),
  attempts INTEGER NOT NULL,
  package_sha256 TEXT NOT NULL,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  error TEXT CHECK (error IS NULL OR json_valid(error)),
  actor TEXT NOT NULL,
  CHECK ((state = 'sending') = (finished_at IS NULL))
) STRICT;

CREATE INDEX delivery_batch ON delivery (batch);
-- A batch is on its way once, whatever the program does.
CREATE UNIQUE INDEX delivery_sending ON delivery (batch) WHERE state = 'sending';

-- One row per receipt that was read; its answers lie beside the receipt in folder.
CREATE TABLE receipt (
  id INTEGER PRIMARY KEY,
  batch TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  name TEXT NOT NULL,
  folder TEXT NOT NULL,
  received_at TEXT NOT NULL,
  accepted INTEGER NOT NULL CHECK (accepted >= 0),
  rejected INTEGER NOT NULL CHECK (rejected >= 0),
  answers_sha256 TEXT NOT NULL,
  actor TEXT NOT NULL,
  imported_at TEXT NOT NULL,
  UNIQUE (batch, sha256)
) STRICT;

-- One row per batch that a person declared lost: its unanswered records no longer wait.
CREATE TABLE batch_loss (
  batch TEXT NOT NULL PRIMARY KEY,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  declared_at TEXT NOT NULL
) STRICT;

-- One row per rejected record that a person let go out again as it is; batch is the one that was rejected.
CREATE TABLE record_release (
  batch TEXT NOT NULL,
  record_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  released_at TEXT NOT NULL,
  PRIMARY KEY (batch, record_id)
) STRICT;
