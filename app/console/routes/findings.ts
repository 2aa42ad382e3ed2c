/** What breaks which rule, and what the comparison of pre-applications found. */
import { z } from 'zod';
import {
  comparedSubjects,
  decidePair,
  explainComparison,
  withdrawPair,
} from '../../../pipelines/comparison.ts';
import {
  FINDING_COLUMNS,
  findingCounts,
  findingsRun,
  markedFindings,
  markFinding,
  unmarkFinding,
  VIEW_NAMES,
} from '../../../pipelines/findings.ts';
import { readPeriod } from '../../../pipelines/runtime/period.ts';
import {
  body,
  code,
  DEFAULT_LIMIT,
  day,
  nullableText,
  pageOf,
  paging,
  period,
  reason,
  runId,
  stamp,
  text,
} from '../fields.ts';
import { HttpProblem } from '../problem.ts';
import { type Context, JUDGES, type Route, route, VIEWERS, WORKERS } from '../route.ts';

const finding = z.strictObject({
  ...(Object.fromEntries(FINDING_COLUMNS.map((column) => [column, nullableText])) as Record<
    (typeof FINDING_COLUMNS)[number],
    typeof nullableText
  >),
  /** The mark that stands now, which the next run takes into account. */
  standing_mark: z.strictObject({ reason: text, expires_on: text, actor: text, marked_at: stamp }).nullable(),
});
const ruleId = z.string().regex(/^[VN]\d{3}$/);
/** Which finding is meant: the view where the rule lists equal keys of several. */
const oneFinding = {
  rule: ruleId,
  record: z.string().min(1).max(200),
  view: z.enum(VIEW_NAMES).optional(),
};

/** The body that is asked for: none stands for all that may be seen. */
const wantedBody = ({ sight }: Context, given: string | undefined): string | undefined => {
  const wanted = given === 'ALL' ? undefined : given;
  return wanted ?? sight.body;
};

export const FINDING_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/findings',
    summary: 'Findings of a run, values of persons masked; of the latest run where none is named.',
    roles: VIEWERS,
    scope: 'findings',
    shows: 'own',
    query: z.strictObject({
      run: runId.optional(),
      body: body.optional(),
      rule: ruleId.optional(),
      state: z.enum(['new', 'continuing', 'resolved']).optional(),
      severity: z.enum(['error', 'warning', 'info']).optional(),
      ...paging,
    }),
    answer: z.strictObject({ runId: text, findings: z.array(finding), hasMore: z.boolean() }),
    handle: async (context, { query: { run, body: given, limit, offset, ...filter } }) => {
      const { service } = context;
      const id = await findingsRun(service, run);
      const rows = markedFindings(service, { ...filter, runId: id, org: wantedBody(context, given) });
      const page = await pageOf(rows, { limit, offset });
      return { json: { runId: id, findings: page.rows, hasMore: page.hasMore } };
    },
  }),
  route({
    method: 'POST',
    path: '/api/findings/marks',
    summary: 'Mark a finding of the latest run as verified correct, up to a day; the next run shows it.',
    roles: JUDGES,
    shows: 'own',
    body: z.strictObject({ ...oneFinding, reason, until: day }),
    handle: async ({ service, sight }, { body: { rule, record, view, ...mark } }) => {
      const which = { ruleId: rule, recordKey: record, scope: view, body: sight.body };
      await markFinding(service, { ...which, ...mark });
      return {};
    },
  }),
  route({
    method: 'POST',
    path: '/api/findings/marks/withdrawal',
    summary: 'Withdraw the mark that stands on a finding.',
    roles: JUDGES,
    shows: 'own',
    body: z.strictObject({ ...oneFinding, reason: reason.optional() }),
    handle: async ({ service, sight }, { body: { rule, record, view, reason: why } }) => {
      const which = { ruleId: rule, recordKey: record, scope: view, body: sight.body };
      await unmarkFinding(service, { ...which, reason: why });
      return {};
    },
  }),
  route({
    method: 'GET',
    path: '/api/findings/counts',
    summary: 'How many findings each body has, by rule, severity and state.',
    roles: VIEWERS,
    scope: 'findings',
    shows: 'own',
    query: z.strictObject({ run: runId.optional(), body: body.optional() }),
    answer: z.strictObject({
      runId: text,
      counts: z.array(
        z.strictObject({
          org_code: nullableText,
          rule_id: text,
          severity: text,
          state: text,
          findings: z.int(),
        }),
      ),
    }),
    handle: async (context, { query }) => ({
      json: await findingCounts(context.service, { runId: query.run, org: wantedBody(context, query.body) }),
    }),
  }),
  route({
    method: 'GET',
    path: '/api/rules',
    summary: 'Every rule with its title and severity.',
    roles: VIEWERS,
    scope: 'findings',
    shows: 'none',
    answer: z.strictObject({ rules: z.array(z.strictObject({ id: text, title: text, severity: text })) }),
    handle: async ({ service }) => ({
      json: { rules: service.definitions.rules.map(({ id, title, severity }) => ({ id, title, severity })) },
    }),
  }),
];

const subject = z.strictObject({
  pre_app_id: nullableText,
  case_id: nullableText,
  org_code: nullableText,
  class: text,
  fields: nullableText,
  status: nullableText,
  case_no: nullableText,
  first_seen: text,
  /** Of a class that is a problem: new or staying. */
  state: nullableText,
});
const decision = z.strictObject({
  preAppId: text,
  caseId: text,
  verdict: z.enum(['confirmed', 'rejected']),
  reason: nullableText,
  actor: text,
  decidedAt: stamp,
});
const proof = z.strictObject({
  kind: text,
  caseId: text,
  earlierId: text,
  field: text,
  preValue: text,
  caseValue: text,
  verdict: text,
  weight: text,
});

export const COMPARISON_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/comparison',
    summary: 'What the latest comparison of pre-applications found, of a period where it is given; no names.',
    roles: VIEWERS,
    scope: 'findings',
    shows: 'own',
    query: z.strictObject({
      period: period.optional(),
      body: body.optional(),
      class: z
        .string()
        .regex(/^[A-Z_]{3,30}$/)
        .optional(),
      ...paging,
    }),
    answer: z.strictObject({
      period: text,
      revision: z.int(),
      runId: text,
      asOf: text,
      counts: z.array(z.strictObject({ org_code: nullableText, class: text, subjects: z.int() })),
      subjects: z.array(subject),
      hasMore: z.boolean(),
    }),
    handle: async (context, { query }) => {
      const { limit = DEFAULT_LIMIT, offset = 0 } = query;
      const { manifest, counts, subjects } = await comparedSubjects(context.service, {
        period: query.period === undefined ? undefined : readPeriod(query.period),
        body: wantedBody(context, query.body),
        class: query.class,
        limit: limit + 1,
        offset,
      });
      const { period: of, revision, runId: run, asOf } = manifest;
      const page = { subjects: subjects.slice(0, limit), hasMore: subjects.length > limit };
      return { json: { period: of, revision, runId: run, asOf, counts, ...page } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/comparison/pre-applications/:preApplication',
    summary:
      'What a pre-application was compared with, and why it stands in its class; personal values masked.',
    roles: VIEWERS,
    scope: 'findings',
    shows: 'own',
    params: z.strictObject({ preApplication: code }),
    query: z.strictObject({ period: period.optional() }),
    answer: z.strictObject({
      preAppId: text,
      class: text,
      orgCode: text,
      status: text,
      caseNo: text,
      submitDate: text,
      reviewDate: text,
      daysSinceSubmit: text,
      firstSeen: text,
      ageDays: text,
      tried: z.array(z.strictObject({ class: text, fits: z.boolean(), because: text })),
      proofs: z.array(proof),
      /** What persons said of it and cases, as it stands. */
      decisions: z.array(decision),
    }),
    handle: async ({ service, sight }, { params, query }) => {
      const wanted = query.period === undefined ? undefined : readPeriod(query.period);
      const found = await explainComparison(service, { preAppId: params.preApplication, period: wanted });
      const { manifest: _manifest, ...shown } = found;
      if (!sight.may(shown.orgCode)) throw new HttpProblem('not-found');
      const audit = {
        actor: service.actor,
        action: 'cases.view',
        subject: `pre-application/${shown.preAppId}`,
      };
      await service.ledger.appendAudit(audit);
      const decisions = (await service.ledger.standingDecisions()).filter(
        ({ preAppId }) => preAppId === shown.preAppId,
      );
      return { json: { ...shown, decisions } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/comparison/decisions',
    summary: "Persons' words on pre-applications and cases that stand.",
    roles: WORKERS,
    scope: 'findings',
    shows: 'city',
    answer: z.strictObject({ decisions: z.array(decision) }),
    handle: async ({ service }) => ({ json: { decisions: await service.ledger.standingDecisions() } }),
  }),
  route({
    method: 'POST',
    path: '/api/comparison/decisions',
    summary:
      'Say that a pre-application and a case belong together, or do not, or take the word back; later runs respect it.',
    roles: JUDGES,
    shows: 'own',
    body: z.strictObject({
      preApplication: code,
      case: z.string().regex(/^-?\d{1,18}$/),
      verdict: z.enum(['confirmed', 'rejected', 'withdrawn']),
      reason: reason.optional(),
    }),
    handle: async ({ service, sight }, { body: { preApplication, case: caseId, verdict, reason: why } }) => {
      const pair = { preAppId: preApplication, caseId, reason: why, body: sight.body };
      if (verdict === 'withdrawn') await withdrawPair(service, pair);
      else await decidePair(service, verdict, pair);
      return {};
    },
  }),
];
