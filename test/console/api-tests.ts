/** What the API hands out is what the files and the ledger hold. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type Agreement, agreement } from '../../pipelines/agreement.ts';
import { showCockpit } from '../../pipelines/cockpit.ts';
import { explain } from '../../pipelines/explain.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { readPeriod } from '../../pipelines/runtime/period.ts';
import type { Client } from './support.ts';
import { accountOf, FOREIGN, OWN, PERIOD, type World } from './world.ts';

interface Shown {
  readonly files: readonly {
    readonly id: string;
    readonly name: string;
    readonly sha256: string;
    readonly body: string | null;
  }[];
}

/** Read events until the stream ends. */
async function events(
  client: Client,
  path: string,
): Promise<{ event: string; data: Record<string, unknown> }[]> {
  const { text, headers } = await client.ask(path);
  expect(headers['content-type']).toMatch(/^text\/event-stream/);
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('event: '))
    .map((block) => {
      const [event = '', data = ''] = block.split('\n');
      return {
        event: event.slice('event: '.length),
        data: JSON.parse(data.slice('data: '.length)) as Record<string, unknown>,
      };
    });
}

export function apiTests(given: () => World): void {
  describe('figures', () => {
    test('are those of the published dataset, and their cases those of explain', async () => {
      const { console: c, runId } = given();
      const client = await c.as(accountOf('analyst'));
      const { figures, revision } = (await client.ask(`/api/figures/${PERIOD}`)).json<{
        figures: Record<string, string>[];
        revision: number;
      }>();
      const run = await c.service.ledger.getRun(runId);
      const csv = run?.files.find(({ path }) => path.endsWith('.csv'))?.path ?? '';
      const lines = (await readFile(c.home.path(csv), 'utf8'))
        .replace(/^\uFEFF/, '')
        .trim()
        .split('\r\n')
        .slice(1);
      expect(revision).toBe(1);
      const shown = figures.map((row) =>
        [row['period'], row['scope'], row['org_code'], row['indicator_id'], row['value']].join(),
      );
      const published = lines
        .map((line) => line.split(','))
        .map((cells) => [cells[0], cells[1], cells[2], cells[4], cells[7]].join());
      expect(shown.toSorted()).toEqual(published.toSorted());

      const answer = (await client.ask(`/api/figures/${PERIOD}/A02/cases?limit=1000`)).json<{
        value: string;
        cases: object[];
      }>();
      const explained = await explain(c.service, {
        figure: 'A02@ALL',
        scope: 'month',
        period: readPeriod(PERIOD),
      });
      const cases = [];
      for await (const one of explained.records()) cases.push(one);
      explained.close();
      expect(answer.cases).toEqual(cases);
      expect(Number(answer.value)).toBe(cases.length);
      expect(cases.some(({ applicants }) => applicants.includes('**'))).toBe(true);
      const [seen] = await c.service.ledger.latestAudit({ limit: 1, action: 'cases.view' });
      expect(seen).toMatchObject({
        actor: `account:${accountOf('analyst')}`,
        subject: `${PERIOD}/A02@ALL/month`,
        detail: { rows: cases.length },
      });
    });

    test('behind every indicator of the definitions', async () => {
      const { console: console_ } = given();
      const client = await console_.as(accountOf('leader'));
      for (const { id } of console_.service.definitions.indicators.indicators) {
        const cases = await client.ask(`/api/figures/${PERIOD}/${id}/cases?limit=1`);
        const values = await client.ask(`/api/figures/${PERIOD}?indicator=${id}`);
        expect([id, cases.status, values.status]).toEqual([id, 200, 200]);
      }
    });

    test('are paged', async () => {
      const client = await given().console.as(accountOf('leader'));
      const page = (offset: number) =>
        client.ask(`/api/figures/${PERIOD}/A02/cases?limit=3&offset=${offset}`);
      const [one, two] = [
        (await page(0)).json<{ cases: object[]; hasMore: boolean }>(),
        (await page(3)).json<{ cases: object[]; hasMore: boolean }>(),
      ];
      expect([one.cases.length, one.hasMore, two.cases.length]).toEqual([3, true, 3]);
      expect(two.cases[0]).not.toEqual(one.cases[0]);
    });
  });

  describe('the agreement', () => {
    type Shown = Pick<Agreement, 'rows' | 'bodies' | 'reasons'> & {
      readonly body: string;
      readonly cases: readonly {
        readonly orgCode: string;
        readonly caseId: string;
        readonly reason: string;
      }[];
      readonly hasMore: boolean;
    };

    test('is that of the command, its cases page by page, its look recorded', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('leader'));
      const whole = (await client.ask(`/api/agreement?period=${PERIOD}&limit=1000`)).json<Shown>();
      const found = await agreement(c.service, { period: readPeriod(PERIOD) });
      const cases: string[] = [];
      for await (const { caseId, reason } of found.cases()) cases.push(`${caseId} ${reason}`);
      found.close();
      expect([whole.rows, whole.reasons, whole.hasMore]).toEqual([found.rows, found.reasons, false]);
      expect(cases.length).toBeGreaterThan(5);
      expect(whole.cases.map(({ caseId, reason }) => `${caseId} ${reason}`)).toEqual(cases);
      const [seen] = await c.service.ledger.latestAudit({ limit: 1, action: 'cases.view' });
      expect(seen).toMatchObject({ subject: `${PERIOD}/agreement@ALL`, detail: { rows: cases.length } });
      const page = (await client.ask(`/api/agreement?limit=2&offset=3`)).json<Shown>();
      expect([page.hasMore, page.cases]).toEqual([true, whole.cases.slice(3, 5)]);
      expect((await client.ask('/api/agreement?period=2026-Q3')).status).toBe(400);
    });

    test('a district sees its own body, and its numbers add up from its own cases', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('district'));
      const own = (await client.ask(`/api/agreement?period=${PERIOD}&limit=1000`)).json<Shown>();
      expect([own.body, own.bodies.map(({ code }) => code)]).toEqual([OWN, [OWN]]);
      expect(new Set([...own.rows, ...own.cases].map(({ orgCode }) => orgCode))).toEqual(new Set([OWN]));
      const sum = own.rows
        .flatMap(({ pairs }) => pairs)
        .reduce((all, { leftOnly, rightOnly }) => all + leftOnly + rightOnly, 0);
      expect(own.cases).toHaveLength(sum);
      expect((await client.ask(`/api/agreement?body=${FOREIGN}`)).status).toBe(404);
      expect((await client.ask('/api/agreement?body=ALL')).status).toBe(404);
    });
  });

  describe('the cockpit', () => {
    test('is one version: whole, by panel, tagged, and refused for another', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('leader'));
      const answer = await client.ask('/api/cockpit');
      const whole = answer.json<{
        version: number;
        panels: { version: number; panel: string; tables: object }[];
      }>();
      const { index, panels } = await showCockpit(c.service);
      expect(whole.version).toBe(index.version);
      expect(whole.panels).toEqual(JSON.parse(JSON.stringify(panels)));
      const again = await client.ask('/api/cockpit', {
        headers: { 'if-none-match': String(answer.headers.etag) },
      });
      expect([again.status, again.text]).toEqual([304, '']);
      const one = await client.ask(`/api/cockpit/panels/trend?version=${whole.version}`);
      expect(one.json<{ panel: object }>().panel).toEqual(
        whole.panels.find(({ panel }) => panel === 'trend'),
      );
      expect((await client.ask(`/api/cockpit/panels/trend?version=${whole.version + 1}`)).status).toBe(409);
    });

    test('figures lead to their records', async () => {
      const client = await given().console.as(accountOf('analyst'));
      const { records, version } = (await client.ask('/api/cockpit/records?figure=A02')).json<{
        records: { record_id: string }[];
        version: number;
      }>();
      expect([version, records.length > 0]).toEqual([1, true]);
      expect((await client.ask('/api/cockpit/records?figure=A02&version=7')).status).toBe(409);
    });
  });

  describe('files', () => {
    test('come as they were recorded, each download in the audit record; a damaged one does not come', async () => {
      const { console: c, runId } = given();
      const client = await c.as(accountOf('analyst'));
      const { files } = (await client.ask(`/api/runs/${runId}`)).json<Shown>();
      const [csv] = files.filter(({ name }) => name.endsWith('.csv'));
      const answer = await client.ask(`/api/files/${runId}/${csv?.id}`);
      expect(answer.headers['content-disposition']).toBe(
        `attachment; filename*=UTF-8''${encodeURIComponent(csv?.name ?? '')}`,
      );
      expect(answer.headers['content-type']).toBe('application/octet-stream');
      const run = await c.service.ledger.getRun(runId);
      const recorded = run?.files.find(({ path }) => path.endsWith('.csv'));
      expect(answer.bytes.equals(await readFile(c.home.path(recorded?.path ?? '')))).toBe(true);
      const [seen] = await c.service.ledger.latestAudit({ limit: 1, action: 'file.download' });
      expect(seen).toMatchObject({
        actor: `account:${accountOf('analyst')}`,
        detail: { sha256: csv?.sha256 },
      });

      const gone = files.find(({ name }) => name.endsWith('.xlsx') && !name.includes('/'));
      const path = run?.files.find(({ sha256 }) => sha256 === gone?.sha256)?.path ?? '';
      await removeTree(c.home.path(path));
      expect((await client.ask(`/api/files/${runId}/${gone?.id}`)).status).toBe(404);
    });

    test('with names of persons go to those who work on the cases, and leave their own trace', async () => {
      const { console: c } = given();
      const of = async (role: 'leader' | 'analyst') => {
        const client = await c.as(accountOf(role));
        const { publications } = (await client.ask('/api/files?product=pre-application-comparison')).json<{
          publications: (Shown & { product: string })[];
        }>();
        return { client, files: publications.flatMap(({ files }) => files) };
      };
      const [leader, analyst] = [await of('leader'), await of('analyst')];
      const workbook = analyst.files.find(({ name }) => name.endsWith('.xlsx')) as unknown as {
        id: string;
        run: string;
      };
      expect(leader.files.some(({ name }) => /\.(csv|xlsx)$/.test(name))).toBe(false);
      expect((await leader.client.ask(`/api/files/${workbook.run}/${workbook.id}`)).status).toBe(404);
      expect((await analyst.client.ask(`/api/files/${workbook.run}/${workbook.id}`)).status).toBe(200);
      expect(
        (await c.service.ledger.latestAudit({ limit: 1, action: 'personal.download' }))[0],
      ).toMatchObject({
        actor: `account:${accountOf('analyst')}`,
      });
    });

    test('of a district are its own', async () => {
      const client = await given().console.as(accountOf('district'));
      const { publications } = (await client.ask('/api/files')).json<{ publications: Shown[] }>();
      const files = publications.flatMap(({ files: some }) => some);
      expect(files.length).toBeGreaterThan(0);
      expect(new Set(files.map(({ body }) => body))).toEqual(new Set([OWN]));
    });
  });

  describe('a run that somebody asks for', () => {
    test('goes on for the account, live, to its end', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('operator'));
      const asked = await client.ask('/api/requests', {
        method: 'POST',
        body: {
          pipeline: 'pre-application-comparison-days',
          from: '2026-10-01',
          to: '2026-10-15',
          asOf: '2026-11-03',
        },
      });
      expect(asked.status).toBe(202);
      const { request } = asked.json<{ request: string }>();
      const told = await events(client, `/api/requests/${request}/events`);
      expect(new Set(told.map(({ event }) => event))).toEqual(new Set(['request', 'step', 'log', 'end']));
      const end = told.at(-1)?.data as { state: string; runIds: string[] };
      expect([end.state, end.runIds.length]).toEqual(['done', 1]);
      const run = (await client.ask(`/api/runs/${end.runIds[0]}`)).json();
      expect(run).toMatchObject({
        actor: `account:${accountOf('operator')}`,
        pipeline: 'pre-application-comparison',
        state: 'done',
      });
      expect(
        (await client.ask(`/api/runs/${end.runIds[0]}/log`)).json<{ lines: string[] }>().lines.join(),
      ).toContain('run started');
      const [entry] = await c.service.ledger.latestAudit({ limit: 1, action: 'run.request' });
      expect(entry).toMatchObject({ actor: `account:${accountOf('operator')}`, subject: request });
    });
  });

  describe('an approval', () => {
    test('is of the bytes, by another person, and publishes them', async () => {
      const { console: c, heldId } = given();
      const approver = await c.as(accountOf('approver'));
      const path = `/api/runs/${heldId}/approval`;
      const found = (await approver.ask(path)).json<{
        artefactsSha256: string;
        canApprove: boolean;
        artefacts: object[];
      }>();
      expect([found.canApprove, found.artefacts.length > 5]).toEqual([true, true]);
      const approve = (body: object) => approver.ask(path, { method: 'POST', body });
      expect((await approve({ artefactsSha256: '0'.repeat(64), reason: '已核对' })).status).toBe(422);
      expect((await approve({ artefactsSha256: found.artefactsSha256, reason: '  ' })).status).toBe(400);
      const asked = await approve({
        artefactsSha256: found.artefactsSha256,
        reason: '-x 待核查案件已与各区核对',
      });
      expect(asked.status).toBe(202);
      const told = await events(
        approver,
        `/api/requests/${asked.json<{ request: string }>().request}/events`,
      );
      expect(told.at(-1)?.data).toMatchObject({ state: 'done', actor: `account:${accountOf('approver')}` });
      const published = await c.service.ledger.latestPublication('macro-monitoring', '2026-09');
      expect(published).toMatchObject({
        actor: `account:${accountOf('approver')}`,
        reason: '-x 待核查案件已与各区核对',
      });
      expect((await approver.ask(path)).json()).toMatchObject({
        approvals: [{ actor: `account:${accountOf('approver')}` }],
      });
      expect((await c.service.ledger.verifyAudit()).ok).toBe(true);
    });

    test('is refused to who ran it, also under a system account of the same name', async () => {
      const { console: c } = given();
      for (const actor of [`account:${accountOf('approver')}`, accountOf('approver')]) {
        const run = await c.service.ledger.beginRun({
          pipeline: 'macro-monitoring',
          period: '2026-08',
          actor,
          command: 'test',
        });
        await run.addFiles([
          {
            path: `out/macro-monitoring/202608/${run.id}/a.csv`,
            kind: 'dataset',
            sha256: '0'.repeat(64),
            sizeBytes: 1,
          },
        ]);
        await run.finish('held');
        const client = await c.as(accountOf('approver'));
        const { canApprove, artefactsSha256 } = (await client.ask(`/api/runs/${run.id}/approval`)).json<{
          canApprove: boolean;
          artefactsSha256: string;
        }>();
        expect(canApprove).toBe(false);
        const answer = await client.ask(`/api/runs/${run.id}/approval`, {
          method: 'POST',
          body: { artefactsSha256, reason: '自己批准' },
        });
        expect(answer.status).toBe(422);
      }
    });
  });

  describe('an API token', () => {
    test('does what its scopes and its account may, and is stored as a hash', async () => {
      const { console: c } = given();
      const client = await c.as(accountOf('analyst'));
      const made = await client.ask('/api/tokens', {
        method: 'POST',
        body: { title: '看板', scopes: ['cockpit'], days: 30 },
      });
      const { token, id } = made.json<{ token: string; id: string }>();
      expect(JSON.stringify(await c.service.ledger.accounts.tokens())).not.toContain(token);
      const bare = c.client();
      const ask = (path: string) => bare.ask(path, { headers: { authorization: `Bearer ${token}` } });
      expect((await ask('/api/cockpit')).status).toBe(200);
      expect((await ask('/api/findings')).status).toBe(403);
      expect((await ask('/api/tokens')).status).toBe(403);
      expect((await ask('/api/session')).status).toBe(403);
      expect((await client.ask(`/api/tokens/${id}`, { method: 'DELETE' })).status).toBe(204);
      expect((await ask('/api/cockpit')).status).toBe(401);
    });
  });

  describe('administrations', () => {
    test('check one another', async () => {
      const { console: c } = given();
      const [system, security, audit] = await Promise.all(
        (['system-admin', 'security-admin', 'audit-admin'] as const).map((role) => c.as(accountOf(role))),
      );
      const post = (client: typeof system, path: string, body: object) =>
        client?.ask(path, { method: 'POST', body });
      expect(
        (await post(system, '/api/accounts', { name: 'zhao.yi', title: '赵一', roles: ['operator'] }))
          ?.status,
      ).toBe(403);
      const made = await post(system, '/api/accounts', { name: 'zhao.yi', title: '赵一' });
      expect(made?.json<{ oneTimePassword: string }>().oneTimePassword).toMatch(/^\w{5}(-\w{5}){3}$/);
      expect((await post(system, '/api/accounts/zhao.yi/roles', { roles: ['operator'] }))?.status).toBe(403);
      expect(
        (await post(security, '/api/accounts/zhao.yi/roles', { roles: ['operator', 'system-admin'] }))
          ?.status,
      ).toBe(422);
      expect((await post(security, '/api/accounts/zhao.yi/roles', { roles: ['district'] }))?.status).toBe(
        422,
      );
      expect(
        (await post(security, '/api/accounts/zhao.yi/roles', { roles: ['operator', 'approver'] }))?.status,
      ).toBe(204);
      expect(
        (await post(security, `/api/accounts/${accountOf('security-admin')}/roles`, { roles: [] }))?.status,
      ).toBe(403);
      expect(
        (await system?.ask(`/api/accounts/${accountOf('audit-admin')}/password`, { method: 'POST' }))?.status,
      ).toBe(403);
      expect(
        (await post(system, `/api/accounts/${accountOf('system-admin')}/state`, { state: 'disabled' }))
          ?.status,
      ).toBe(403);
      const { records } = (await audit?.ask('/api/audit?action=account.roles'))?.json<{
        records: object[];
      }>() ?? { records: [] };
      expect(records[0]).toMatchObject({
        actor: `account:${accountOf('security-admin')}`,
        subject: 'zhao.yi',
      });
      const found = async (query: string) =>
        (await audit?.ask(`/api/audit?action=account.roles&subject=zhao.yi&${query}`))?.json<{
          records: { at: string }[];
        }>().records ?? [];
      const day = (await found('limit=5'))[0]?.at.slice(0, 10);
      expect((await found(`from=${day}&until=${day}`)).length).toBe(1);
      expect([await found('from=2099-01-01'), await found('until=2020-01-01')]).toEqual([[], []]);
      expect((await audit?.ask('/api/audit/verification'))?.json()).toMatchObject({ ok: true });
    });
  });

  describe('a district', () => {
    test('sees its own rows of the cockpit, and its own figures where it names none', async () => {
      const client = await given().console.as(accountOf('district'));
      const cockpit = (await client.ask('/api/cockpit')).json<{
        body: string;
        panels: { tables: Record<string, { org_code: string }[]> }[];
      }>();
      const rows = cockpit.panels.flatMap(({ tables }) => Object.values(tables).flat());
      expect([cockpit.body, new Set(rows.map(({ org_code }) => org_code))]).toEqual([OWN, new Set([OWN])]);
      const { figures } = (await client.ask(`/api/figures/${PERIOD}`)).json<{
        figures: { org_code: string }[];
      }>();
      expect([figures.length > 0, new Set(figures.map(({ org_code }) => org_code))]).toEqual([
        true,
        new Set([OWN]),
      ]);
      expect((await client.ask(`/api/figures/${PERIOD}?body=${FOREIGN}`)).status).toBe(404);
    });
  });
}
