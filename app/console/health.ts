/** GET /health: that the service lives and how things stand; nothing of it is personal, so everybody may ask. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { TOOL_VERSION } from '../../pipelines/runtime/project.ts';
import { type Service, timestamp } from '../../pipelines/runtime/service.ts';
import { health } from '../../pipelines/schedule.ts';

/** Answers what the door is asked. */
export function consoleListener(service: Service, startedAt: string): RequestListener {
  return (request, response) => {
    answer(service, startedAt, request, response).catch((error: unknown) => {
      service.log.error('a request was not answered', {
        reason: error instanceof Error ? error.message : 'unknown',
      });
      if (response.headersSent) response.destroy();
      else reply(response, 500, { error: 'a fault of the service' });
    });
  };
}

async function answer(
  service: Service,
  startedAt: string,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (url?.split('?', 1)[0] !== '/health') return reply(response, 404, { error: 'there is no such page' });
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return reply(response, 405, { error: 'only GET' });
  }
  const found = await health(service);
  reply(response, 200, {
    status: found.alerts.length === 0 ? 'ok' : 'attention',
    version: TOOL_VERSION,
    startedAt,
    now: timestamp(service.clock),
    ...found,
  });
}

function reply(response: ServerResponse, status: number, document: object): void {
  const body = `${JSON.stringify(document)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
