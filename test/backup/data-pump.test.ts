/**
 * Exports by DBMS_DATAPUMP, as far as the wire server goes: the block that is sent and its binds, waiting for the job, and
 * what an account without the right is told. What Oracle makes of it was never tested.
 */
import { expect, onTestFinished, test } from 'vitest';
import { exportDump } from '../../pipelines/backup-dumps.ts';
import { readSql } from '../../pipelines/runtime/project.ts';
import { CLERK, temporaryHome } from '../publish/support.ts';
import { errorOf } from '../runtime/support/home.ts';
import { oracleSyntaxProblems } from '../source/oracle-grammar.ts';
import { OraError, startOracleWire } from '../support/oracle-wire/index.ts';
import type { PlsqlCall } from '../support/oracle-wire/plsql.ts';

const CONFIG = {
  backup: { dataPump: { directory: 'ARB_DUMPS', schemas: ['ARB', 'ARB_LOG'], waitSeconds: 5 } },
};

async function served(run: (call: PlsqlCall) => Promise<void> | void) {
  const calls: PlsqlCall[] = [];
  const server = await startOracleWire({
    plsql: [
      {
        pattern: /DBMS_DATAPUMP\.START_JOB/,
        run: async (call) => {
          calls.push(call);
          await run(call);
        },
      },
    ],
  });
  onTestFinished(() => server.close());
  const environment = {
    ORACLE_CONNECT_STRING: server.connectString,
    ORACLE_USER: 'ARBDATA',
    ORACLE_PASSWORD: 'of another account',
    ORACLE_DATAPUMP_USER: 'ARB',
    ORACLE_DATAPUMP_PASSWORD: server.password('ARB'),
  };
  return { server, calls, environment };
}

test('the job is started by its own account, waited for, and recorded', async () => {
  const home = await temporaryHome();
  await home.configure(CONFIG);
  const { server, calls, environment } = await served(() => undefined);
  await server.createTable(
    'USER_DATAPUMP_JOBS',
    [
      { name: 'JOB_NAME', oracleType: 'VARCHAR2(128)' },
      { name: 'STATE', oracleType: 'VARCHAR2(30)' },
    ],
    [],
  );
  const done = await home.as(CLERK, (service) => exportDump(service, environment, 10));
  expect(calls).toHaveLength(1);
  const [call] = calls;
  expect([call?.user, call?.names]).toEqual(['ARB', ['1', '2', '3']]);
  expect([call?.text('1'), call?.text('2'), call?.text('3')]).toEqual([
    done.jobName,
    'ARB_DUMPS',
    "'ARB', 'ARB_LOG'",
  ]);
  expect(done.jobName).toMatch(/^ARBDATA_\d{8}_\d{6}_[0-9A-F]{4}$/);
  expect(done).toMatchObject({ directory: 'ARB_DUMPS', dumpFiles: `${done.jobName.toLowerCase()}_%U.dmp` });
  const audit = await home.as(CLERK, ({ ledger }) => ledger.auditRecords());
  expect(audit.find(({ action }) => action === 'backup.export')?.subject).toBe(done.jobName);
});

test('a job that does not end is left to the database, and said', async () => {
  const home = await temporaryHome();
  await home.configure({ backup: { dataPump: { ...CONFIG.backup.dataPump, waitSeconds: 1 } } });
  const { server, environment } = await served(async (call) => {
    await server.createTable(
      'USER_DATAPUMP_JOBS',
      [
        { name: 'JOB_NAME', oracleType: 'VARCHAR2(128)' },
        { name: 'STATE', oracleType: 'VARCHAR2(30)' },
      ],
      [[call.text('1'), 'EXECUTING']],
    );
  });
  const error = await errorOf(() => home.as(CLERK, (service) => exportDump(service, environment, 200)));
  expect(error).toMatchObject({ code: 'E_SOURCE_UNREACHABLE' });
  expect(error.message).toMatch(/has not ended after 1 s/);
});

test('an account without the right, and one that is not set', async () => {
  const home = await temporaryHome();
  await home.configure(CONFIG);
  const { environment } = await served(() => {
    throw new OraError(31631, 'privileges are required');
  });
  const refused = await errorOf(() => home.as(CLERK, (service) => exportDump(service, environment, 10)));
  expect(refused.code).toMatch(/^E_SOURCE_/);
  expect(refused.message).toContain('31631');
  const { ORACLE_DATAPUMP_PASSWORD: _, ...without } = environment;
  expect(await errorOf(() => home.as(CLERK, (service) => exportDump(service, without, 10)))).toMatchObject({
    code: 'E_CONFIG',
  });
  const other = await temporaryHome();
  expect(
    await errorOf(() => other.as(CLERK, (service) => exportDump(service, environment, 10))),
  ).toMatchObject({ code: 'E_USAGE' });
});

test("Oracle's grammar takes the statements", () => {
  const plain = (name: string) =>
    readSql(name)
      .replace(/^--.*\n/gm, '')
      .trim();
  expect(oracleSyntaxProblems(plain('data-pump/job-state.sql'))).toEqual([]);
  // The grammar's rule for blocks stands behind that for scripts, which the driver does not send.
  expect(plain('data-pump/start-export.sql')).toMatch(/^DECLARE[\s\S]*END;$/);
});
