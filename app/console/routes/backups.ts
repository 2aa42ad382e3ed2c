/** Backups: what there is, and whether it was looked at. */
import { z } from 'zod';
import { drilledOutcome, verifiedOutcome } from '../../../pipelines/backup-look.ts';
import type { Service } from '../../../pipelines/runtime/service.ts';
import { stamp, text } from '../fields.ts';
import { type Route, route, WORKERS } from '../route.ts';

const look = z.strictObject({ at: stamp, isGood: z.boolean() }).nullable();

export const BACKUP_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/backups',
    summary: 'The catalogue of backups, the latest first; places on disk are not told.',
    roles: [...WORKERS, 'system-admin'],
    scope: 'runs',
    shows: 'city',
    answer: z.strictObject({
      backups: z.array(
        z.strictObject({
          id: text,
          kind: text,
          state: text,
          createdAt: stamp,
          isEncrypted: z.boolean(),
          sizeBytes: z.int().nullable(),
          destinations: z.array(text),
          verified: look,
          drilled: look,
        }),
      ),
    }),
    handle: async ({ service }) => {
      const backups = await service.ledger.backups.list();
      return { json: { backups: backups.toReversed().map(shown) } };
    },
  }),
];

type Backup = Awaited<ReturnType<Service['ledger']['backups']['list']>>[number];

function shown(backup: Backup): object {
  const { id, kind, state, createdAt, isEncrypted, sizeBytes, copies } = backup;
  const destinations = copies
    .filter((copy) => copy.state === 'complete')
    .map(({ destination }) => destination);
  return {
    id,
    kind,
    state,
    createdAt,
    isEncrypted,
    sizeBytes,
    destinations,
    verified: verifiedOutcome(backup),
    drilled: drilledOutcome(backup),
  };
}
