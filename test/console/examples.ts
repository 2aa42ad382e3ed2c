/**
 * An example of every input of every route, made from the routing table and its schemas: a route with an input that
 * nobody thought of fails the tests.
 */
import { z } from 'zod';
import type { PublicRoute, Route, SignedInRoute } from '../../app/console/route.ts';
import { ROUTES } from '../../app/console/routes/index.ts';
import { BATCH, PERIOD, type World } from './world.ts';

export const SIGNED_IN = ROUTES.filter((route): route is SignedInRoute => route.roles !== 'public');
export const PUBLIC = ROUTES.filter((route): route is PublicRoute => route.roles === 'public');
export const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

interface JsonSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly JsonSchema[];
}

/** The members that a part of an input may have; of alternatives the first. */
export function membersOf(schema: z.ZodType | undefined): { names: string[]; required: string[] } {
  if (schema === undefined) return { names: [], required: [] };
  const whole = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const { properties = {}, required = [] } = whole.oneOf?.[0] ?? whole;
  return { names: Object.keys(properties), required: [...required] };
}

/** What stands in a path. */
function parameter({ runId }: World, name: string): string {
  const known: Readonly<Record<string, string>> = {
    period: PERIOD,
    indicator: 'A02',
    run: runId,
    file: 'f'.repeat(32),
    request: `Q${'0'.repeat(16)}`,
    batch: BATCH,
    preApplication: 'YS202610001',
    account: 'no.such.account',
    token: `T${'0'.repeat(12)}`,
    panel: 'trend',
    job: 'no-such-job',
  };
  const value = known[name];
  if (value === undefined) throw new Error(`there is no example of the path parameter ${name}: add one`);
  return value;
}

/** What stands in a query. */
export const QUERIES: Readonly<Record<string, string>> = {
  figure: 'A02',
  month: PERIOD,
  body: 'ALL',
  scope: 'month',
  indicator: 'A02',
  run: '',
  rule: 'V001',
  state: 'new',
  severity: 'error',
  period: PERIOD,
  product: 'macro-monitoring',
  pipeline: 'macro-monitoring',
  class: 'MISSING_CASE',
  version: '1',
  before: '1000',
  actor: 'clerk',
  action: 'session.begin',
  subject: 'nobody',
  from: '2026-11-01',
  until: '2026-11-30',
  months: '3',
  pair: 'table-platform',
  gap: 'defect',
  reason: 'rejected',
  limit: '5',
  offset: '0',
};

/** The path of a route with examples in it. */
export function pathOf(world: World, route: Route, own: Readonly<Record<string, string>> = {}): string {
  return route.path.replaceAll(/:(\w+)/g, (_match, name: string) =>
    encodeURIComponent(own[name] ?? parameter(world, name)),
  );
}

/** The query of a route: what it must have, and what is given here. */
export function queryOf(route: Route, own: Readonly<Record<string, string>> = {}): string {
  const { names, required } = membersOf(route.query);
  const unknown = names.find((name) => !(name in QUERIES));
  if (unknown !== undefined)
    throw new Error(`there is no example of the query parameter ${unknown}: add one`);
  const pairs = Object.entries({
    ...Object.fromEntries(required.map((name) => [name, QUERIES[name] ?? ''])),
    ...own,
  });
  return pairs.length === 0
    ? ''
    : `?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;
}

/** A body that no schema takes: whoever may use the route learns that, and nothing happens. */
export const REFUSED_BODY = { 'no such member': 1 };
