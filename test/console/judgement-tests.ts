/** What persons say over the API: that a finding is correct, that records belong together; and jobs by hand. */
import { describe, expect, test } from 'vitest';
import { runComparison } from '../../pipelines/pre-application-comparison.ts';
import { shanghaiDate } from '../../pipelines/runtime/clock.ts';
import { readPeriod } from '../../pipelines/runtime/period.ts';
import { CLERK } from '../publish/support.ts';
import type { Client } from './support.ts';
import { accountOf, FOREIGN, OWN, PERIOD, type World } from './world.ts';

interface Finding {
  readonly rule_id: string;
  readonly scope: string;
  readonly record_key: string;
  readonly org_code: string | null;
  readonly state: string;
  readonly standing_mark: { readonly reason: string; readonly actor: string } | null;
}
interface Decision {
  readonly preAppId: string;
  readonly caseId: string;
  readonly verdict: string;
}

const post = (client: Client, path: string, body: object) => client.ask(path, { method: 'POST', body });

async function findingsOf(client: Client, body: string): Promise<Finding[]> {
  const { findings } = (await client.ask(`/api/findings?limit=1000&body=${body}`)).json<{
    findings: Finding[];
  }>();
  return findings.filter(({ state }) => state !== 'resolved');
}

const which = ({ rule_id, record_key, scope }: Finding) => ({
  rule: rule_id,
  record: record_key,
  view: scope,
});

/** A finding that names its record alone within its rule, and still is as it was listed. */
async function findingOf(client: Client, body: string): Promise<Finding> {
  const [found] = (await findingsOf(client, body)).filter(({ standing_mark }) => standing_mark === null);
  if (found === undefined) throw new Error(`body ${body} has no finding`);
  return found;
}

const marked = async (client: Client, body: string, one: Finding) =>
  (await findingsOf(client, body)).find(
    ({ rule_id, record_key, scope }) =>
      rule_id === one.rule_id && record_key === one.record_key && scope === one.scope,
  )?.standing_mark;

export function judgementTests(given: () => World): void {
  describe('a finding', () => {
    test.each([
      ['operator', FOREIGN],
      ['district', OWN],
    ] as const)('is marked as correct and unmarked by a %s', async (role, body) => {
      const { console: c } = given();
      const client = await c.as(accountOf(role));
      const one = await findingOf(client, body);
      const mark = { ...which(one), reason: '  已查阅案卷  ', until: '2027-06-30' };
      expect((await post(client, '/api/findings/marks', mark)).status).toBe(204);
      expect(await marked(client, body, one)).toMatchObject({
        reason: '已查阅案卷',
        expires_on: '2027-06-30',
        actor: `account:${accountOf(role)}`,
      });
      const subject = `${one.rule_id}/${one.record_key}`;
      expect(
        (await c.service.ledger.latestAudit({ limit: 1, action: 'finding.mark', subject }))[0],
      ).toMatchObject({ actor: `account:${accountOf(role)}` });
      const withdrawal = { ...which(one), reason: '误标' };
      expect((await post(client, '/api/findings/marks/withdrawal', withdrawal)).status).toBe(204);
      expect(await marked(client, body, one)).toBeNull();
      expect((await post(client, '/api/findings/marks/withdrawal', withdrawal)).status).toBe(404);
      const [withdrawn] = await c.service.ledger.latestAudit({ limit: 1, action: 'finding.withdraw-mark' });
      expect(withdrawn).toMatchObject({ subject, detail: { reason: '误标' } });
    });

    test('of another body is neither marked nor unmarked by a district', async () => {
      const { console: c } = given();
      const [district, operator] = [await c.as(accountOf('district')), await c.as(accountOf('operator'))];
      const foreign = await findingOf(operator, FOREIGN);
      const mark = { ...which(foreign), reason: '已核对', until: '2027-06-30' };
      expect((await post(district, '/api/findings/marks', mark)).status).toBe(404);
      expect(await marked(operator, FOREIGN, foreign)).toBeNull();
      expect((await post(operator, '/api/findings/marks', mark)).status).toBe(204);
      expect((await post(district, '/api/findings/marks/withdrawal', which(foreign))).status).toBe(404);
      expect(await marked(operator, FOREIGN, foreign)).toMatchObject({ reason: '已核对' });
      // Nor what belongs to no body that is known.
      const all = (await operator.ask('/api/findings?limit=1000')).json<{ findings: Finding[] }>().findings;
      const nobodys = all.filter(({ org_code, state }) => org_code === null && state !== 'resolved');
      for (const one of nobodys) {
        const wanted = { ...which(one), reason: 'x', until: '2027-06-30' };
        expect((await post(district, '/api/findings/marks', wanted)).status).toBe(404);
      }
      await post(operator, '/api/findings/marks/withdrawal', which(foreign));
    });

    test('is not marked without a reason, for a day that is over, or where there is none; an expired mark does not stand', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('operator'));
      const one = await findingOf(client, FOREIGN);
      const tried = async (change: object) =>
        (
          await post(client, '/api/findings/marks', {
            ...which(one),
            reason: '已核对',
            until: '2027-06-30',
            ...change,
          })
        ).status;
      expect([await tried({ reason: '   ' }), await tried({ until: '2026-02-30' })]).toEqual([400, 400]);
      expect([await tried({ until: '2020-01-01' }), await tried({ record: 'no such' })]).toEqual([400, 404]);
      const { ledger, clock } = c.service;
      expect(await tried({ until: shanghaiDate(clock) })).toBe(204);
      const [mark] = (await ledger.standingMarks()).filter(({ recordKey }) => recordKey === one.record_key);
      expect(await marked(client, FOREIGN, one)).not.toBeNull();
      c.home.clock.advance(24 * 3_600_000);
      const later = await c.as(accountOf('operator'));
      expect(await marked(later, FOREIGN, one)).toBeNull();
      // A mark that was made for another value does not hold for what is listed.
      await ledger.addMark({ ...(mark ?? never()), fingerprint: 'another', expiresOn: '2027-06-30' });
      expect(await marked(later, FOREIGN, one)).toBeNull();
    });
  });

  describe('a pre-application and a case', () => {
    /** A pre-application of a body with a case that is likely its own. */
    async function candidate(client: Client): Promise<{ preApplication: string; case: string; org: string }> {
      const { subjects } = (await client.ask('/api/comparison?class=PROBABLE_MATCH&limit=1000')).json<{
        subjects: { pre_app_id: string; org_code: string }[];
      }>();
      for (const { pre_app_id: preApplication, org_code: org } of subjects) {
        const { proofs } = (await client.ask(`/api/comparison/pre-applications/${preApplication}`)).json<{
          proofs: { kind: string; caseId: string }[];
        }>();
        const found = proofs.find(({ kind }) => kind === 'candidate');
        if (found !== undefined) return { preApplication, case: found.caseId, org };
      }
      throw new Error('there is no likely pair');
    }
    const decisionsOn = async (client: Client, preApplication: string) =>
      (await client.ask(`/api/comparison/pre-applications/${preApplication}`)).json<{
        decisions: Decision[];
      }>().decisions;

    test('are confirmed, rejected and left alone again by an operator; the next comparison respects it', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('operator'));
      const { org: _org, ...pair } = await candidate(client);
      const decide = (verdict: string) =>
        post(client, '/api/comparison/decisions', { ...pair, verdict, reason: '已查阅案卷' });
      expect((await decide('confirmed')).status).toBe(204);
      expect(await decisionsOn(client, pair.preApplication)).toMatchObject([
        { caseId: pair.case, verdict: 'confirmed', actor: `account:${accountOf('operator')}` },
      ]);
      expect((await decide('rejected')).status).toBe(204);
      const analyst = await c.as(accountOf('analyst'));
      expect((await analyst.ask('/api/comparison/decisions')).json()).toMatchObject({
        decisions: [{ preAppId: pair.preApplication, caseId: pair.case, verdict: 'rejected' }],
      });
      const [entry] = await c.service.ledger.latestAudit({ limit: 1, action: 'comparison.reject' });
      expect(entry).toMatchObject({ subject: `${pair.preApplication}/${pair.case}` });
      const run = await c.service.ledger.getRun(given().runId);
      await c.home.as(CLERK, (service) =>
        runComparison(service, { span: readPeriod(PERIOD), snapshotId: run?.snapshotId ?? '' }),
      );
      const { class: name } = (
        await client.ask(`/api/comparison/pre-applications/${pair.preApplication}?period=${PERIOD}`)
      ).json<{ class: string }>();
      expect(name).not.toBe('PROBABLE_MATCH');
      expect((await decide('withdrawn')).status).toBe(204);
      expect(await decisionsOn(client, pair.preApplication)).toEqual([]);
      expect((await decide('withdrawn')).status).toBe(404);
      const unknown = { ...pair, case: '999999999', verdict: 'confirmed' };
      expect((await post(client, '/api/comparison/decisions', unknown)).status).toBe(404);
    });

    test('are decided by a district where both are its own, and otherwise do not exist for it', async () => {
      const { console: c } = given();
      const operator = await c.as(accountOf('operator'));
      const all = (await operator.ask('/api/comparison?limit=1000')).json<{
        subjects: { pre_app_id: string | null; case_id: string | null; org_code: string | null }[];
      }>().subjects;
      const preOf = (body: string) =>
        all.find(({ pre_app_id, org_code }) => org_code === body && /^[\w-]+$/.test(pre_app_id ?? ''))
          ?.pre_app_id ?? never();
      const caseOf = async (body: string) => {
        const { cases } = (await operator.ask(`/api/figures/${PERIOD}/B01/cases?body=${body}&limit=1`)).json<{
          cases: { recordId: string }[];
        }>();
        return cases[0]?.recordId ?? never();
      };
      const district = await c.as(accountOf('district'));
      const decide = async (preApplication: string, caseId: string, verdict = 'rejected') =>
        (
          await post(district, '/api/comparison/decisions', {
            preApplication,
            case: caseId,
            verdict,
          })
        ).status;
      const own = [preOf(OWN), await caseOf(OWN)] as const;
      const foreign = [preOf(FOREIGN), await caseOf(FOREIGN)] as const;
      expect(await decide(own[0], foreign[1])).toBe(404);
      expect(await decide(foreign[0], own[1])).toBe(404);
      expect(await decide(foreign[0], foreign[1])).toBe(404);
      expect(await c.service.ledger.standingDecisions()).toEqual([]);
      expect(await decide(own[0], own[1])).toBe(204);
      expect(await decide(own[0], own[1], 'withdrawn')).toBe(204);
      const said = { preApplication: foreign[0], case: foreign[1], verdict: 'rejected' };
      expect((await post(operator, '/api/comparison/decisions', said)).status).toBe(204);
      expect(await decide(foreign[0], foreign[1], 'withdrawn')).toBe(404);
      expect(await c.service.ledger.standingDecisions()).toHaveLength(1);
      await post(operator, '/api/comparison/decisions', { ...said, verdict: 'withdrawn' });
    });
  });

  describe('a job by hand', () => {
    test('is carried out by the service for the account, and its run is that of the request', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('operator'));
      const asked = await post(client, '/api/schedules/pre-application-daily/run', { period: '2026-10-20' });
      expect(asked.status).toBe(202);
      const { request } = asked.json<{ request: string }>();
      const { text } = await client.ask(`/api/requests/${request}/events`);
      const end = JSON.parse(/event: end\ndata: (.*)/.exec(text)?.[1] ?? '{}') as {
        state: string;
        runIds: string[];
      };
      expect([end.state, end.runIds.length]).toEqual(['done', 1]);
      // Whoever asked is who ran it: nobody approves the own run through the service's name.
      const actor = `account:${accountOf('operator')}`;
      expect(await c.service.ledger.getRun(end.runIds[0] ?? '')).toMatchObject({ actor, state: 'done' });
      // A second request has its own run.
      const again = await post(client, '/api/schedules/pre-application-daily/run', { period: '2026-10-21' });
      const second = again.json<{ request: string }>().request;
      await client.ask(`/api/requests/${second}/events`);
      const runsOf = async (id: string) =>
        (await client.ask(`/api/requests/${id}`)).json<{ runIds: string[] }>().runIds;
      expect(await runsOf(request)).toEqual(end.runIds);
      expect([(await runsOf(second)).length, await runsOf(second)]).toEqual([
        1,
        expect.not.arrayContaining(end.runIds),
      ]);
      const [duty] = await c.service.ledger.duties.list({ job: 'pre-application-daily' });
      expect(duty).toMatchObject({ key: '2026-10-20', state: 'done', requestedBy: actor });
      const [, entry] = await c.service.ledger.latestAudit({ limit: 2, action: 'schedule.run' });
      expect(entry).toMatchObject({ actor, subject: 'pre-application-daily' });
    });

    test('that is held is not approved by who had it started', async () => {
      const { console: c } = given();
      await c.account('the-both', ['operator', 'approver']);
      const client = await c.as('the-both');
      const asked = await post(client, '/api/schedules/monthly/run', { period: '2026-08' });
      const { request } = asked.json<{ request: string }>();
      await client.ask(`/api/requests/${request}/events`);
      const { state, runIds } = (await client.ask(`/api/requests/${request}`)).json<{
        state: string;
        runIds: string[];
      }>();
      expect([state, runIds.length]).toEqual(['held', 1]);
      const approval = async (name: string) =>
        (await (await c.as(name)).ask(`/api/runs/${runIds[0]}/approval`)).json<{ canApprove: boolean }>();
      expect((await approval('the-both')).canApprove).toBe(false);
      expect((await approval(accountOf('approver'))).canApprove).toBe(true);
    });

    test('that does not exist is not there, and a period is a month or a day', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('operator'));
      expect((await post(client, '/api/schedules/nothing/run', {})).status).toBe(404);
      for (const period of ['2026', '--home=/tmp', '2026-13'])
        expect((await post(client, '/api/schedules/monthly/run', { period })).status).toBe(400);
    });
  });
}

function never(): never {
  throw new Error('the world has no such record');
}
