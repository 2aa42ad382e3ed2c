/** The description of the API (OpenAPI 3.1), made from the routing table and its zod schemas: it cannot lag behind. */
import { z } from 'zod';
import { TOOL_VERSION } from '../../pipelines/runtime/project.ts';
import { PROBLEMS } from './problem.ts';
import type { Route } from './route.ts';

type Json = Record<string, unknown>;

/** The document; the same table gives the same text. */
export function openApiDocument(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'arbdata',
      version: TOOL_VERSION,
      description:
        'The console of the data service. Sessions are cookies; a change carries the X-CSRF-Token of GET /api/session and ' +
        'comes from the same origin. API tokens are sent as Authorization: Bearer.',
    },
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'arbdata' },
        token: { type: 'http', scheme: 'bearer' },
      },
      schemas: { Problem: schemaOf(problem, 'output') },
    },
  };
}

const problem = z.object({
  error: z.object({
    code: z.enum(Object.keys(PROBLEMS) as [string, ...string[]]),
    message: z.string(),
    member: z.string().optional(),
    stage: z.string().optional(),
    reference: z.string().optional(),
  }),
});

function operation(route: Route): Json {
  const { method, path, summary, params, query, body, answer, media } = route;
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/[/:.-]+(\w)/g, (_match, letter: string) => letter.toUpperCase())}`,
    summary,
    ...access(route),
    parameters: [...parametersOf(params, 'path'), ...parametersOf(query, 'query')],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: {
      ...success(answer, media),
      default: {
        description: 'A refusal.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** Who may use it; `x-roles` and `x-scope` say what OpenAPI has no word for. */
function access(route: Route): Json {
  if (route.roles === 'public') return { security: [] };
  const { roles, scope } = route;
  const byToken = scope === undefined ? [] : [{ token: [] }];
  return {
    security: [{ session: [] }, ...byToken],
    'x-roles': roles,
    ...(scope === undefined ? {} : { 'x-scope': scope }),
  };
}

function success(answer: z.ZodType | undefined, media: Route['media']): Json {
  if (media !== undefined) return { 200: { description: 'The content.', content: { [media]: {} } } };
  if (answer === undefined) return { 204: { description: 'Done.' } };
  return {
    '2XX': {
      description: 'The answer.',
      content: { 'application/json': { schema: schemaOf(answer, 'output') } },
    },
  };
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Json;
    required?: string[];
  };
  return Object.entries(properties).map(([name, type]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: type,
  }));
}

/** The JSON schema of a zod schema, 2020-12 as OpenAPI 3.1 takes it. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return rest;
}
