/** The Chinese words for codes: one document, the same until the program or its definitions change. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { LABEL_LISTS, labelsOf } from '../../../pipelines/labels.ts';
import type { Service } from '../../../pipelines/runtime/service.ts';
import { type ReadyReply, type Route, route } from '../route.ts';

const made = new WeakMap<Service['definitions'], ReadyReply>();

function ready(definitions: Service['definitions']): ReadyReply {
  const known = made.get(definitions);
  if (known !== undefined) return known;
  const text = Buffer.from(JSON.stringify(labelsOf(definitions)));
  const tag = createHash('sha256').update(text).digest('hex').slice(0, 32);
  const reply = { text, gzip: gzipSync(text), tag };
  made.set(definitions, reply);
  return reply;
}

const list = z.record(z.string(), z.string());

export const WORD_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/words',
    summary: 'Chinese words for the codes of other answers, by list; 304 where the client has them.',
    roles: 'any',
    shows: 'none',
    answer: z.strictObject(
      Object.fromEntries(LABEL_LISTS.map((name) => [name, list])) as Record<
        (typeof LABEL_LISTS)[number],
        typeof list
      >,
    ),
    handle: async ({ service }) => ({ ready: ready(service.definitions) }),
  }),
];
