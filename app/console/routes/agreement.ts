/** 三方一致: the monthly table, what the platform took and the cockpit, and the cases in which they differ. */
import { z } from 'zod';
import {
  agreementMonths,
  GAP_CLASSES,
  type Gap,
  PAIR_IDS,
  SIDES,
  type SideFact,
} from '../../../pipelines/agreement.ts';
import { body, indicatorId, month, nullableText, pageOf, paging, text } from '../fields.ts';
import { type Route, route, VIEWERS } from '../route.ts';
import type { Sight } from '../sight.ts';

const pair = z.enum(PAIR_IDS);
const gapClass = z.enum(GAP_CLASSES);
const side = z.enum(SIDES);
const reasonId = z.string().regex(/^[a-z][a-z-]{0,40}$/);
const count = z.int().nonnegative();
const fact = z.strictObject({
  state: text,
  acceptDate: nullableText,
  closeDate: nullableText,
  isElsewhere: z.boolean(),
});
const shownCase = z.strictObject({
  pair,
  figure: text,
  orgCode: text,
  caseId: text,
  caseNo: nullableText,
  cases: count,
  inSide: side,
  outSide: side,
  class: gapClass,
  reason: text,
  inFact: fact,
  outFact: fact,
  rules: nullableText,
  batch: nullableText,
  rejectionCode: nullableText,
});
const answer = z.strictObject({
  period: month,
  body: text,
  /** What else can be looked at, the latest first. */
  months: z.array(month),
  sides: z.array(
    z.strictObject({
      side,
      title: text,
      short: text,
      text,
      missing: nullableText,
      facts: z.array(z.tuple([text, text])),
      notes: z.array(text),
    }),
  ),
  classes: z.array(z.strictObject({ id: gapClass, title: text, text })),
  states: z.array(z.strictObject({ id: text, title: text })),
  figures: z.array(z.strictObject({ id: text, name: text, unit: text })),
  bodies: z.array(z.strictObject({ code: text, name: text })),
  rows: z.array(
    z.strictObject({
      figure: text,
      orgCode: text,
      counts: z.strictObject({
        table: count.nullable(),
        platform: count.nullable(),
        cockpit: count.nullable(),
      }),
      pairs: z.array(
        z.strictObject({
          pair,
          difference: z.int(),
          leftOnly: count,
          rightOnly: count,
          classes: z.strictObject({ defect: count, timing: count, definition: count }),
        }),
      ),
    }),
  ),
  reasons: z.array(
    z.strictObject({
      id: text,
      class: gapClass,
      title: text,
      text,
      cases: z.strictObject({ 'table-platform': count, 'table-cockpit': count, 'platform-cockpit': count }),
    }),
  ),
  cases: z.array(shownCase),
  hasMore: z.boolean(),
});

export const AGREEMENT_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/agreement',
    summary:
      'A month as the monthly table, the platform and the cockpit have it, and a page of the cases in which they differ, each with its reason; no names.',
    roles: VIEWERS,
    scope: 'figures',
    shows: 'own',
    query: z.strictObject({
      period: month.optional(),
      body: body.optional(),
      pair: pair.optional(),
      figure: indicatorId.optional(),
      gap: gapClass.optional(),
      reason: reasonId.optional(),
      ...paging,
    }),
    answer,
    handle: async ({ service, sight, agreements }, { query }) => {
      const { pair: between, figure, gap, reason } = query;
      const { found, page } = await agreements.look(query.period, async (one) => {
        const found = one.of(query.body ?? sight.body);
        const filter = { pair: between, figure, class: gap, reason };
        return { found, page: await pageOf(found.cases(filter), query) };
      });
      const { period, org, sides, classes, states, figures, bodies, rows, reasons } = found;
      await service.ledger.appendAudit({
        actor: service.actor,
        action: 'cases.view',
        subject: `${period}/agreement@${org}`,
        detail: { rows: page.rows.length },
      });
      return {
        json: {
          period,
          body: org,
          months: await agreementMonths(service),
          sides,
          classes,
          states,
          figures,
          bodies,
          rows,
          reasons,
          cases: page.rows.map((one) => shownGap(sight, one)),
          hasMore: page.hasMore,
        },
      };
    },
  }),
];

/** A case that is another body's by now is shown as such, and nothing of what it is there. */
function shownGap(sight: Sight, { inFact, outFact, orgCode, ...rest }: Gap): z.infer<typeof shownCase> {
  const shown = ({ state, acceptDate, closeDate, orgCode: at }: SideFact) => {
    const isElsewhere = at !== null && at !== orgCode;
    const isSeen = !isElsewhere || sight.may(at);
    return {
      state,
      isElsewhere,
      acceptDate: isSeen ? acceptDate : null,
      closeDate: isSeen ? closeDate : null,
    };
  };
  return { ...rest, orgCode, inFact: shown(inFact), outFact: shown(outFact) };
}
