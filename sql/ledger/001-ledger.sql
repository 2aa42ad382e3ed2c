-- One row per run, step, file, publication, mark, lock and audit record: the tables of the run ledger.
-- Times are Asia/Shanghai wall-clock text, YYYY-MM-DD HH:MM:SS.mmm; the columns named in json_valid() hold JSON.

-- One row per run.
CREATE TABLE run (
  id TEXT NOT NULL PRIMARY KEY,
  pipeline TEXT NOT NULL,
  period TEXT,
  parameters TEXT NOT NULL CHECK (json_valid(parameters)),
  actor TEXT NOT NULL,
  pid INTEGER NOT NULL,
  process_start TEXT NOT NULL,
  snapshot_id TEXT,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'held', 'failed', 'interrupted')),
  started_at TEXT NOT NULL,
  finished_at TEXT,
  summary TEXT CHECK (summary IS NULL OR json_valid(summary)),
  error TEXT CHECK (error IS NULL OR json_valid(error)),
  CHECK ((state = 'running') = (finished_at IS NULL))
) STRICT;

CREATE INDEX run_started ON run (started_at);

-- One row per step of a run; without finished_at where the run ended inside of it.
CREATE TABLE run_step (
  run_id TEXT NOT NULL REFERENCES run (id),
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  rows INTEGER,
  detail TEXT CHECK (detail IS NULL OR json_valid(detail)),
  PRIMARY KEY (run_id, position)
) STRICT;

-- One row per file that a run made; path counts from the home directory.
CREATE TABLE run_file (
  run_id TEXT NOT NULL REFERENCES run (id),
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (run_id, path)
) STRICT;

-- One row per revision of a product's period; publishing is an intent whose folder may or may not be there yet.
CREATE TABLE publication (
  product TEXT NOT NULL,
  period TEXT NOT NULL,
  revision INTEGER NOT NULL CHECK (revision >= 1),
  state TEXT NOT NULL CHECK (state IN ('publishing', 'published', 'superseded')),
  run_id TEXT NOT NULL REFERENCES run (id),
  snapshot_id TEXT NOT NULL,
  manifest_sha256 TEXT,
  published_at TEXT,
  actor TEXT NOT NULL,
  reason TEXT,
  PRIMARY KEY (product, period, revision),
  CHECK (state = 'publishing' OR (manifest_sha256 IS NOT NULL AND published_at IS NOT NULL))
) STRICT;

-- At most one revision of a period is on its way and at most one is in force, whatever the program does.
CREATE UNIQUE INDEX publication_publishing ON publication (product, period) WHERE state = 'publishing';
CREATE UNIQUE INDEX publication_published ON publication (product, period) WHERE state = 'published';

-- One row per mark "verified correct" on a finding; a withdrawn or expired mark stays as history.
CREATE TABLE finding_mark (
  id INTEGER PRIMARY KEY,
  rule_id TEXT NOT NULL,
  record_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  reason TEXT NOT NULL,
  expires_on TEXT NOT NULL,
  actor TEXT NOT NULL,
  marked_at TEXT NOT NULL,
  withdrawn_at TEXT
) STRICT;

CREATE UNIQUE INDEX finding_mark_standing ON finding_mark (rule_id, record_key) WHERE withdrawn_at IS NULL;

-- One row per lock that is held; the process behind it is known by pid and start time.
CREATE TABLE lock (
  name TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES run (id),
  pid INTEGER NOT NULL,
  process_start TEXT NOT NULL,
  heartbeat TEXT NOT NULL,
  host TEXT NOT NULL,
  actor TEXT NOT NULL,
  command TEXT NOT NULL
) STRICT;

-- One row per audited action; each carries the hash of the one before.
CREATE TABLE audit (
  seq INTEGER NOT NULL PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL CHECK (json_valid(detail)),
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit record is append-only');
END;

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit record is append-only');
END;

-- INSERT OR REPLACE removes rows without a delete trigger, so the next number is enforced here.
CREATE TRIGGER audit_appends BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM audit)
BEGIN
  SELECT RAISE(ABORT, 'the audit record is append-only');
END;
