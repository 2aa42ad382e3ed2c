/** Processes that the service starts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { expect, test } from 'vitest';
import { giveWay } from '../../app/child.ts';

test('what is started has a lower priority than who started it', async () => {
  const child = spawn('sleep', ['60']);
  try {
    giveWay(child);
    expect(os.getPriority(child.pid)).toBeGreaterThan(os.getPriority());
  } finally {
    child.kill();
    await once(child, 'exit');
  }
  // One that has ended is left alone.
  giveWay(child);
});
