-- One row per backup, copy of it, look at a copy, and purge: the catalogue of what must be there, whatever the disks say.
-- Times are Asia/Shanghai wall-clock text; the columns named in json_valid() hold JSON.

-- One row per backup; creating and removing are intents whose folders may or may not be there.
CREATE TABLE backup (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('snapshot', 'dump', 'outputs', 'state', 'evidence')),
  state TEXT NOT NULL CHECK (state IN ('creating', 'complete', 'removing', 'removed')),
  run_id TEXT NOT NULL REFERENCES run (id),
  created_at TEXT NOT NULL,
  -- What the bag says of itself: source, SCN, period, row counts, snapshots and publications in it.
  info TEXT NOT NULL CHECK (json_valid(info)),
  is_encrypted INTEGER NOT NULL CHECK (is_encrypted IN (0, 1)),
  file_count INTEGER,
  size_bytes INTEGER,
  -- SHA-256 of the bag's two tag manifests: they seal every byte of it, and are kept outside of it here.
  tagmanifest_sha256 TEXT,
  tagmanifest_sm3 TEXT,
  removed_at TEXT,
  reason TEXT,
  CHECK (state = 'creating' OR (file_count IS NOT NULL AND size_bytes IS NOT NULL
    AND tagmanifest_sha256 IS NOT NULL AND tagmanifest_sm3 IS NOT NULL))
) STRICT;

-- One row per place where a backup lies; only a complete one was read back and counts.
CREATE TABLE backup_copy (
  backup_id TEXT NOT NULL REFERENCES backup (id),
  -- `home`, or the name of a destination of the configuration.
  destination TEXT NOT NULL,
  -- The folder of the bag.
  path TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('copying', 'complete')),
  run_id TEXT NOT NULL REFERENCES run (id),
  copied_at TEXT,
  PRIMARY KEY (backup_id, destination)
) STRICT;

-- One row per look at a copy: whether it was whole, and what was not.
CREATE TABLE backup_check (
  id INTEGER PRIMARY KEY,
  backup_id TEXT NOT NULL REFERENCES backup (id),
  destination TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('quick', 'full', 'drill')),
  checked_at TEXT NOT NULL,
  actor TEXT NOT NULL,
  is_good INTEGER NOT NULL CHECK (is_good IN (0, 1)),
  detail TEXT NOT NULL CHECK (json_valid(detail))
) STRICT;

CREATE INDEX backup_check_backup ON backup_check (backup_id, checked_at);

-- One row per thing that a purge destroyed, so that nothing asks for it again.
CREATE TABLE purged (
  subject TEXT NOT NULL PRIMARY KEY,
  purge_id TEXT NOT NULL,
  purged_at TEXT NOT NULL
) STRICT;
