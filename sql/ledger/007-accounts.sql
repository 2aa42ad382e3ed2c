-- One row per account, former password, recovery code, session, API token, requested run and approval: who may use the
-- console, and what was asked for through it. Secrets stand as hashes, those that must be read again encrypted.

-- One row per account. org_code binds a district account to its body; totp_secret is encrypted with the home's secret;
-- totp_step is the last time step whose code was taken. locks counts the lock-outs since the last sign-in.
CREATE TABLE account (
  name TEXT NOT NULL PRIMARY KEY,
  title TEXT NOT NULL,
  roles TEXT NOT NULL CHECK (json_valid(roles)),
  org_code TEXT,
  state TEXT NOT NULL CHECK (state IN ('enabled', 'disabled')),
  password_hash TEXT NOT NULL,
  password_set_at TEXT NOT NULL,
  must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
  one_time_until TEXT,
  totp_secret TEXT,
  totp_confirmed INTEGER NOT NULL DEFAULT 0 CHECK (totp_confirmed IN (0, 1)),
  totp_step INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
  locks INTEGER NOT NULL DEFAULT 0 CHECK (locks >= 0),
  locked_until TEXT,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  last_sign_in_at TEXT
) STRICT;

-- One row per password that an account had: the last few may not come back.
CREATE TABLE former_password (
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (name),
  password_hash TEXT NOT NULL,
  replaced_at TEXT NOT NULL
) STRICT;

-- One row per recovery code that was not used yet.
CREATE TABLE recovery_code (
  account TEXT NOT NULL REFERENCES account (name),
  code_hash TEXT NOT NULL,
  PRIMARY KEY (account, code_hash)
) STRICT;

-- One row per session; id_hash is the SHA-256 of the id in the cookie, which is stored nowhere.
CREATE TABLE session (
  id_hash TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (name),
  address TEXT NOT NULL,
  second_factor INTEGER NOT NULL CHECK (second_factor IN (0, 1)),
  created_at TEXT NOT NULL,
  last_seen_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT;

CREATE INDEX session_account ON session (account);

-- One row per API token, revoked and expired ones too.
CREATE TABLE api_token (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (name),
  title TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL CHECK (json_valid(scopes)),
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  last_used_at TEXT,
  revoked_at TEXT
) STRICT;

-- One row per command that was asked for through the console. The process that carries it out proves by the ticket, of
-- which only the SHA-256 stands here, for whom it acts; it can do so once.
CREATE TABLE run_request (
  id TEXT NOT NULL PRIMARY KEY,
  actor TEXT NOT NULL,
  words TEXT NOT NULL CHECK (json_valid(words)),
  ticket_hash TEXT NOT NULL,
  requested_at TEXT NOT NULL,
  pid INTEGER,
  process_start TEXT,
  claimed_at TEXT,
  exit INTEGER,
  error TEXT CHECK (error IS NULL OR json_valid(error)),
  finished_at TEXT
) STRICT;

-- One row per approval of the files of a held run.
CREATE TABLE approval (
  run_id TEXT NOT NULL REFERENCES run (id),
  artefacts_sha256 TEXT NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  approved_at TEXT NOT NULL,
  PRIMARY KEY (run_id, actor)
) STRICT;
