/**
 * The yardstick of the extraction: the driver alone fetches the same rows with the same statements, fetch size and types
 * in one session, and throws them away. node test/support/oracle-bare-loop.ts FETCH_ROWS; prints one JSON line.
 */
import oracledb from 'oracledb';
import { resolveNames } from '../../pipelines/steps/source/oracle/names.ts';
import { extractQuery, sessionSettings } from '../../pipelines/steps/source/oracle/queries.ts';
import { currentScn } from '../../pipelines/steps/source/oracle/scn.ts';
import type { OracleSession } from '../../pipelines/steps/source/oracle/session.ts';
import { VIEW_NAMES } from '../../schemas/contract.ts';

const fetchRows = Number(process.argv[2] ?? 1000);
const { ORACLE_CONNECT_STRING: connectString, ORACLE_USER: user, ORACLE_PASSWORD: password } = process.env;
if (connectString === undefined || user === undefined || password === undefined)
  throw new Error('no connection');
const asText = ({ dbType }: oracledb.Metadata<unknown>) =>
  dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.STRING } : undefined;

const startedMs = performance.now();
const connection = await oracledb.getConnection({ connectString, user, password });
for (const { sql } of sessionSettings()) await connection.execute(sql);
const query = async (sql: string) => {
  const { resultSet } = await connection.execute(sql, [], {
    resultSet: true,
    outFormat: oracledb.OUT_FORMAT_ARRAY,
    fetchArraySize: fetchRows,
    prefetchRows: fetchRows,
    fetchTypeHandler: asText,
  });
  if (resultSet === undefined) throw new Error('no result');
  return resultSet;
};
const scn = await currentScn({
  rows: async ({ sql }: { sql: string }) => {
    const found = await query(sql);
    const [row = []] = (await found.getRows(1)) as string[][];
    await found.close();
    return [{ SCN: row[0] ?? null }];
  },
} as unknown as OracleSession);
const names = resolveNames();
let rows = 0;
for (const view of VIEW_NAMES) {
  const found = await query(extractQuery(names[view], { scn: scn?.scn }).sql);
  for (let batch = await found.getRows(fetchRows); batch.length > 0; batch = await found.getRows(fetchRows)) {
    rows += batch.length;
  }
  await found.close();
}
const ms = performance.now() - startedMs;
await connection.close();
process.stdout.write(`${JSON.stringify({ ms, rows })}\n`);
