/** Published figures and the cases behind them, by the frozen membership. */
import { z } from 'zod';
import { explain } from '../../../pipelines/explain.ts';
import { publishedFigures, SCOPES } from '../../../pipelines/figures.ts';
import { readPeriod } from '../../../pipelines/runtime/period.ts';
import { body, indicatorId, nullableText, pageOf, paging, period, text } from '../fields.ts';
import { type Context, type Route, route, VIEWERS } from '../route.ts';

const scope = z.enum(SCOPES);
const publication = z.strictObject({
  product: text,
  period: text,
  revision: z.int(),
  runId: text,
  snapshotId: text,
  manifestSha256: nullableText,
  publishedAt: nullableText,
  state: text,
});
const figure = z.strictObject({
  period: text,
  scope,
  org_code: text,
  org_name: text,
  indicator_id: text,
  indicator_name: text,
  unit: text,
  value: text,
});
const shownCase = z.strictObject({
  indicatorId: text,
  orgCode: text,
  recordId: text,
  caseNo: text,
  quantity: text,
  acceptDate: text,
  rejectDate: text,
  closeDate: text,
  deadline: text,
  caseStatus: text,
  applicants: text,
  respondents: text,
});

/** The body that an account asks for: its own where it names none and may see no other. */
const wantedBody = ({ sight }: Context, given: string | undefined): string | undefined => given ?? sight.body;

export const FIGURE_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/indicators',
    summary: 'Every indicator with its definition.',
    roles: VIEWERS,
    scope: 'figures',
    shows: 'none',
    answer: z.strictObject({
      indicators: z.array(z.strictObject({ id: text, name: text, unit: text, kind: text, definition: text })),
    }),
    handle: async ({ service }) => ({
      json: {
        indicators: service.definitions.indicators.indicators.map(({ id, name, unit, kind, definition }) => ({
          id,
          name,
          unit,
          kind,
          definition,
        })),
      },
    }),
  }),
  route({
    method: 'GET',
    path: '/api/publications',
    summary: 'What was published, superseded revisions too.',
    roles: VIEWERS,
    scope: 'figures',
    shows: 'none',
    answer: z.strictObject({ publications: z.array(publication) }),
    handle: async ({ service }) => ({
      json: {
        publications: (await service.ledger.publications()).map(
          ({ product, period: of, revision, runId, snapshotId, manifestSha256, publishedAt, state }) => ({
            product,
            period: of,
            revision,
            runId,
            snapshotId,
            manifestSha256,
            publishedAt,
            state,
          }),
        ),
      },
    }),
  }),
  route({
    method: 'GET',
    path: '/api/figures/:period',
    summary: 'The published figures of a period.',
    roles: VIEWERS,
    scope: 'figures',
    shows: 'own',
    params: z.strictObject({ period }),
    query: z.strictObject({
      scope: scope.optional(),
      body: body.optional(),
      indicator: indicatorId.optional(),
    }),
    answer: z.strictObject({
      period: text,
      revision: z.int(),
      runId: text,
      asOf: text,
      provisional: z.boolean(),
      createdAt: text,
      figures: z.array(figure),
    }),
    handle: async (context, { params, query }) => {
      const filter = { ...query, ...params, body: wantedBody(context, query.body) };
      const { manifest, rows } = await publishedFigures(context.service, filter);
      const { period: of, revision, runId, asOf, provisional, createdAt } = manifest;
      return { json: { period: of, revision, runId, asOf, provisional, createdAt, figures: rows } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/figures/:period/:indicator/cases',
    summary: 'The cases behind a published figure, names of persons masked, by the frozen membership.',
    roles: VIEWERS,
    scope: 'figures',
    shows: 'own',
    params: z.strictObject({ period, indicator: indicatorId }),
    query: z.strictObject({ scope: scope.optional(), body: body.optional(), ...paging }),
    answer: z.strictObject({
      period: text,
      revision: z.int(),
      indicator: z.strictObject({ id: text, name: text, unit: text, definition: text }),
      body: text,
      value: text,
      parts: z.array(
        z.strictObject({ indicatorId: text, name: text, role: text, records: z.int(), total: text }),
      ),
      cases: z.array(shownCase),
      hasMore: z.boolean(),
    }),
    handle: async (context, { params, query }) => {
      const { service } = context;
      const wanted = wantedBody(context, query.body) ?? 'ALL';
      const request = {
        figure: `${params.indicator}@${wanted}`,
        scope: query.scope ?? ('month' as const),
        period: readPeriod(params.period),
      };
      const found = await explain(service, request);
      try {
        const page = await pageOf(found.records(), query);
        const subject = `${params.period}/${request.figure}/${request.scope}`;
        await service.ledger.appendAudit({
          actor: service.actor,
          action: 'cases.view',
          subject,
          detail: { rows: page.rows.length },
        });
        const { indicatorId: id, indicatorName: name, unit, definition, value, parts, manifest } = found;
        return {
          json: {
            period: manifest.period,
            revision: manifest.revision,
            indicator: { id, name, unit, definition },
            body: wanted,
            value,
            parts,
            cases: page.rows,
            hasMore: page.hasMore,
          },
        };
      } finally {
        found.close();
      }
    },
  }),
];
