/** The cockpit: the version in force, one panel of it, and the records behind a figure. */
import { z } from 'zod';
import { cockpitRecords, PANEL_NAMES } from '../../../pipelines/cockpit.ts';
import { loadDistrictMap } from '../../../pipelines/runtime/definitions.ts';
import { body, month, nullableText, pageOf, paging, text } from '../fields.ts';
import { HttpProblem } from '../problem.ts';
import { type Route, route, VIEWERS } from '../route.ts';

const version = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number)
  .meta({ description: 'The version of what the client shows; another one is refused with 409' });
const head = {
  version: z.int(),
  asOf: text,
  dataTime: text,
  refreshedAt: text,
  lateAfter: text,
  months: z.strictObject({ current: text, complete: text }),
  ratios: z.array(
    z.strictObject({ indicatorId: text, numerator: z.array(text), denominator: z.array(text) }),
  ),
  snapshotId: text,
  runId: text,
  toolVersion: text,
  body: text,
};
const panel = z.strictObject({
  formatVersion: z.int(),
  version: z.int(),
  panel: z.enum(PANEL_NAMES),
  title: text,
  asOf: text,
  notes: z.array(text),
  tables: z.record(z.string(), z.array(z.record(z.string(), z.union([text, z.number(), z.null()])))),
});
const freshness = z.strictObject({
  ageHours: z.int(),
  isLate: z.boolean(),
  lastError: z.strictObject({ code: text, runId: text, startedAt: text }).nullable(),
});
const record = z.strictObject({
  figure: text,
  org_code: text,
  kind: text,
  record_id: text,
  quantity: text,
  title: nullableText,
  start_date: nullableText,
  end_date: nullableText,
  deadline: nullableText,
  status: nullableText,
  detail: nullableText,
  applicants: nullableText,
  respondents: nullableText,
});

export const COCKPIT_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/cockpit',
    summary: 'Every panel of the version in force; 304 where the client has it (If-None-Match).',
    roles: VIEWERS,
    scope: 'cockpit',
    shows: 'own',
    query: z.strictObject({ body: body.optional() }),
    answer: z.strictObject({ ...head, freshness, panels: z.array(panel) }),
    handle: async ({ cockpit, sight }, { query }) => ({ ready: await cockpit.whole(sight, query.body) }),
  }),
  route({
    method: 'GET',
    path: '/api/cockpit/panels/:panel',
    summary: 'One panel of the version in force.',
    roles: VIEWERS,
    scope: 'cockpit',
    shows: 'own',
    params: z.strictObject({ panel: z.enum(PANEL_NAMES) }),
    query: z.strictObject({ version: version.optional(), body: body.optional() }),
    answer: z.strictObject({ ...head, panel }),
    handle: async ({ cockpit, sight }, { params, query }) => ({
      ready: await cockpit.panel(sight, { ...params, ...query }),
    }),
  }),
  route({
    method: 'GET',
    path: '/api/cockpit/map',
    summary: "The bureau's own map of its districts as GeoJSON; null where it has none.",
    roles: VIEWERS,
    scope: 'cockpit',
    shows: 'none',
    answer: z.strictObject({ map: z.record(z.string(), z.unknown()).nullable() }),
    handle: async ({ service }) => ({ json: { map: loadDistrictMap(service.home.definitions) ?? null } }),
  }),
  route({
    method: 'GET',
    path: '/api/cockpit/records',
    summary: 'The records behind a figure of the cockpit, by its frozen membership; names of persons masked.',
    roles: VIEWERS,
    scope: 'cockpit',
    shows: 'own',
    query: z.strictObject({
      figure: z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{1,40}$/),
      month: z.union([month, z.literal('now')]).optional(),
      version: version.optional(),
      body: body.optional(),
      ...paging,
    }),
    answer: z.strictObject({
      version: z.int(),
      figures: z.array(text),
      month: text,
      records: z.array(record),
      hasMore: z.boolean(),
    }),
    handle: async ({ service, sight }, { query }) => {
      const org = query.body ?? sight.body;
      const found = await cockpitRecords(service, { figure: query.figure, month: query.month, org });
      const inForce = found.index.version;
      if (query.version !== undefined && query.version !== inForce) throw new HttpProblem('other-version');
      const page = await pageOf(found.records, query);
      await service.ledger.appendAudit({
        actor: service.actor,
        action: 'cases.view',
        subject: `cockpit/v${inForce}/${query.figure}@${org ?? 'ALL'}/${found.month}`,
        detail: { rows: page.rows.length },
      });
      const { figures, month: of } = found;
      return { json: { version: inForce, figures, month: of, records: page.rows, hasMore: page.hasMore } };
    },
  }),
];
