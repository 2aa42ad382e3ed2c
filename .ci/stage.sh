# Sourced by .ci/run: named stages with their times, and a scratch folder that goes away at the end.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/arbdata-ci.XXXXXX")

finish() {
  local code=$?
  # Snapshots and publications are read-only folders.
  chmod -R u+w "$scratch" 2>/dev/null || true
  rm -rf "$scratch"
  if ((code != 0)); then echo "FAILED with exit code $code after ${SECONDS} s"; fi
}
trap finish EXIT

# stage NAME COMMAND…: run a command under a heading, say how long it took, stop where it fails.
stage() {
  local name=$1 started=$SECONDS code=0
  shift
  echo
  echo "=== $name"
  "$@" || code=$?
  echo "--- $name: $((SECONDS - started)) s, exit code $code"
  return "$code"
}
