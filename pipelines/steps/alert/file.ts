/** The channel `file`: one JSON line per message, for a log collector or a tail. */
import { open } from 'node:fs/promises';
import type { AlertChannel } from './channel.ts';

export function fileChannel(name: string, file: string): AlertChannel {
  return {
    name,
    send: async (message) => {
      const handle = await open(file, 'a', 0o600);
      try {
        await handle.appendFile(`${JSON.stringify(message)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}
