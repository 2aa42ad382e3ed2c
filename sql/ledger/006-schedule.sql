-- One row per job, duty, service, alert and message of it: what the service has to do, and whom it told.

-- One row per job that was ever seen: its definition as last seen, since when that is in force, and up to when its
-- occurrences have been entered as duties.
CREATE TABLE schedule (
  job TEXT NOT NULL PRIMARY KEY,
  definition TEXT NOT NULL CHECK (json_valid(definition)),
  state TEXT NOT NULL CHECK (state IN ('in force', 'off')),
  in_force_from TEXT NOT NULL,
  planned_until TEXT NOT NULL
) STRICT;

-- One row per job, kind and subject (a period, a day, or the time at which it fell due). While it is running, token names
-- the attempt, and pid, process_start and host the process that is at it: who started it, then the command itself, which
-- sets claimed_at. exit and error are what the command told at its end.
CREATE TABLE duty (
  id INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('regular', 'rehearsal')),
  key TEXT NOT NULL,
  period TEXT,
  planned_at TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'running', 'done', 'held', 'failed', 'missed', 'skipped')),
  reason TEXT,
  requested_by TEXT,
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  not_before TEXT,
  token TEXT,
  pid INTEGER,
  process_start TEXT,
  host TEXT,
  heartbeat TEXT,
  claimed_at TEXT,
  exit INTEGER,
  error TEXT CHECK (error IS NULL OR json_valid(error)),
  run_id TEXT REFERENCES run (id),
  started_at TEXT,
  finished_at TEXT,
  UNIQUE (job, kind, key),
  CHECK ((state = 'running') = (token IS NOT NULL)),
  CHECK ((state IN ('due', 'running')) = (finished_at IS NULL))
) STRICT;

CREATE INDEX duty_open ON duty (state) WHERE state IN ('due', 'running');

-- The duty that a run was started for, and which attempt at it; NULL for a run that a person started.
ALTER TABLE run ADD COLUMN duty_id INTEGER REFERENCES duty (id);
ALTER TABLE run ADD COLUMN duty_token TEXT;
CREATE INDEX run_duty ON run (duty_id) WHERE duty_id IS NOT NULL;

-- At most one row: the service of this home.
CREATE TABLE service (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  pid INTEGER NOT NULL,
  process_start TEXT NOT NULL,
  host TEXT NOT NULL,
  heartbeat TEXT NOT NULL,
  actor TEXT NOT NULL,
  version TEXT NOT NULL,
  started_at TEXT NOT NULL
) STRICT;

-- One row per time that a cause stood; resolved_at is NULL while it stands.
CREATE TABLE alert (
  id INTEGER PRIMARY KEY,
  cause TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  message TEXT NOT NULL,
  raised_at TEXT NOT NULL,
  resolved_at TEXT
) STRICT;

CREATE UNIQUE INDEX alert_standing ON alert (cause) WHERE resolved_at IS NULL;

-- One row per alert, event and channel: a message that is to go out, went out, or was given up.
CREATE TABLE alert_delivery (
  alert_id INTEGER NOT NULL REFERENCES alert (id),
  event TEXT NOT NULL CHECK (event IN ('raised', 'resolved')),
  channel TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'sent', 'given up')),
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before TEXT NOT NULL,
  sent_at TEXT,
  error TEXT,
  PRIMARY KEY (alert_id, event, channel)
) STRICT;

CREATE INDEX alert_delivery_due ON alert_delivery (not_before) WHERE state = 'due';
