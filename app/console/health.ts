/** GET /health: that the service lives and how things stand, for who watches the machine. */
import { z } from 'zod';
import { TOOL_VERSION } from '../../pipelines/runtime/project.ts';
import { timestamp } from '../../pipelines/runtime/service.ts';
import { health } from '../../pipelines/schedule.ts';
import { publicRoute, type Route } from './route.ts';

/** When this process began to serve. */
const startedMs = Date.now();
const LOOPBACK = /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/;

/** Nothing of it is personal; from the network only whether it lives is told. */
export const HEALTH_ROUTE: Route = publicRoute({
  method: 'GET',
  path: '/health',
  summary: 'Whether the service lives; on the machine itself also what runs, what is next, and what stands.',
  roles: 'public',
  answer: z.looseObject({ status: z.enum(['ok', 'attention']) }),
  handle: async ({ service, address }) => {
    const found = await health(service);
    const status = found.alerts.length === 0 ? 'ok' : 'attention';
    if (!LOOPBACK.test(address)) return { json: { status } };
    const startedAt = timestamp({ ...service.clock, now: () => new Date(startedMs) });
    return { json: { status, version: TOOL_VERSION, startedAt, now: timestamp(service.clock), ...found } };
  },
});
