import os from 'node:os';

/** Who acts: the operating system's user, never an argument of a command. */
export function currentActor(): string {
  try {
    const { username } = os.userInfo();
    if (username !== '') return username;
  } catch {
    // A uid without an entry in the user database (usual in containers) makes userInfo throw.
  }
  return `uid:${process.getuid?.() ?? 'unknown'}`;
}
