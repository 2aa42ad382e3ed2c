/** No name and no citizen number of a person is in anything that a run leaves or says, wherever it is packed. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readZip, unpack } from '../../exports/zip.ts';
import { explain } from '../../pipelines/explain.ts';
import { findings, markFinding } from '../../pipelines/findings.ts';
import { literal, withEngine } from '../../pipelines/runtime/duckdb.ts';
import { removeTree } from '../../pipelines/runtime/files.ts';
import { parsePeriod } from '../../schemas/period.ts';
import { CLERK, homeDir, type TestHome } from './support.ts';

/** What holds the source as it is. */
const RAW_FOLDERS = ['source', 'snapshots'];

let home: TestHome;
let persons: { names: string[]; numbers: string[] };

beforeAll(async () => {
  home = await homeDir();
  await home.import('small');
  persons = await personsOf(home);
  await spoilPersons();
  const { runId } = await home.run('2026-09', { asOf: '2026-11-03' });
  await home.release(runId, '已核对');
  await home.run('2026-10', { asOf: '2026-11-03' });
});
afterAll(() => removeTree(home.dir));

/** Personal columns that break every rule that judges them, so that findings have to show them. */
async function spoilPersons(): Promise<void> {
  const file = home.path('source', 'source.duckdb');
  const person = (column: string, change: string, rest: number) =>
    `UPDATE arb_party SET ${column} = ${change} WHERE party_kind = '1' AND id_no IS NOT NULL AND party_id % 20 = ${rest};`;
  await withEngine({ file, spillDir: home.path('work', 'spoil') }, (engine) =>
    engine.run(`
      ${person('id_no', "' ' || lower(id_no) || ' '", 1)}
      ${person('id_no', "left(id_no, 17) || 'A'", 3)}
      ${person('birth_date', 'birth_date + INTERVAL 1 DAY', 5)}
      ${person('gender', "CASE gender WHEN '1' THEN '2' ELSE '1' END", 7)}
      ${person('name', 'name || chr(7)', 9)}
      ${person('party_kind', "'9'", 11)}
      ${person('case_id', '-1', 13)}
      UPDATE pre_application SET applicant_id_no = '　' || applicant_id_no WHERE applicant_kind = '1';`),
  );
}

async function personsOf(of: TestHome): Promise<{ names: string[]; numbers: string[] }> {
  const file = of.path('source', 'source.duckdb');
  return withEngine({ file, readOnly: true, spillDir: of.path('work', 'persons') }, async (engine) => {
    const texts = async (select: string): Promise<string[]> =>
      (
        await engine.rows<{ text: string }>(
          `SELECT DISTINCT trim(text) AS text FROM (${select}) WHERE trim(text) <> ''`,
        )
      ).map(({ text }) => text);
    return {
      names: await texts(
        `SELECT name AS text FROM arb_party WHERE party_kind = '1'
         UNION ALL SELECT applicant_name FROM pre_application WHERE applicant_kind = '1'`,
      ),
      numbers: await texts(
        `SELECT id_no AS text FROM arb_party WHERE party_kind = '1'
         UNION ALL SELECT applicant_id_no FROM pre_application WHERE applicant_kind = '1'
         UNION ALL SELECT phone FROM arb_party WHERE party_kind = '1'`,
      ),
    };
  });
}

/** The names and numbers of persons that a text holds. A name counts where no other Chinese character touches it. */
function personsIn(text: string): string[] {
  const words = new Set(text.split(/[^\p{Script=Han}·]+/u));
  return [
    ...persons.names.filter((name) => words.has(name) || (name.length > 3 && text.includes(name))),
    ...persons.numbers.filter((number) => text.includes(number)),
  ];
}

/** The text of a file, unpacked: parts of workbooks, rows of Parquet. */
async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file);
  if (file.endsWith('.xlsx')) {
    return readZip(bytes)
      .map((entry) => `${entry.name}\n${unpack(entry, 1 << 28).toString('utf8')}`)
      .join('\n');
  }
  if (file.endsWith('.parquet')) {
    return withEngine({ spillDir: home.path('work', 'parquet') }, async (engine) => {
      const rows = await engine.rows<{ row: string }>(
        `SELECT CAST(to_json(t) AS VARCHAR) AS row FROM read_parquet(${literal(file)}) t`,
      );
      return rows.map(({ row }) => row).join('\n');
    });
  }
  return bytes.toString('utf8');
}

async function files(): Promise<string[]> {
  const entries = await readdir(home.dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.relative(home.dir, path.join(parentPath, name)))
    .filter((file) => !RAW_FOLDERS.includes(file.split(path.sep)[0] ?? ''))
    .toSorted();
}

describe('after runs, a release and findings of personal columns', () => {
  test('there is something to look for, and this test would find it', async () => {
    expect(persons.names.length).toBeGreaterThan(100);
    expect(persons.numbers.length).toBeGreaterThan(100);
    const [name = '', number = ''] = [persons.names[0], persons.numbers[0]];
    expect(personsIn(`<t>${name}</t> ${number}`).toSorted()).toEqual([name, number].toSorted());
    const source = await textOf(path.join(home.dir, 'source', 'source.duckdb')).catch(() => '');
    expect(source).not.toBe('');
  });

  test('no file holds a person', async () => {
    const all = await files();
    for (const kind of ['.xlsx', '.parquet', '.csv', '.json', '.log', '.sqlite', '.txt']) {
      expect(
        all.some((file) => file.endsWith(kind)),
        kind,
      ).toBe(true);
    }
    const found = personsIn(home.said.join('')).map((person) => `log: ${person}`);
    for (const file of all) {
      for (const person of personsIn(await textOf(home.path(file)))) found.push(`${file}: ${person}`);
      for (const person of personsIn(file)) found.push(`${file}: ${person}`);
    }
    expect(found).toEqual([]);
  });

  test('findings and masked explanations say none', async () => {
    const said: string[] = [];
    await home.as(CLERK, async (service) => {
      for await (const finding of findings(service, {})) said.push(JSON.stringify(finding));
      for (const figure of ['A02@ALL', 'C01@ALL', 'B01@ALL', 'A09@ALL']) {
        const period = parsePeriod('2026-09');
        const found = await explain(service, { figure, scope: 'ytd', period });
        for await (const record of found.records()) said.push(JSON.stringify(record));
        found.close();
      }
    });
    // There are findings about numbers and names of persons, and they are masked.
    for (const rule of ['V033', 'V035', 'V037', 'V049']) {
      const lines = said.filter((line) => line.includes(`"rule_id":"${rule}"`));
      expect(lines.filter((line) => line.includes('**')).length, rule).toBeGreaterThan(0);
    }
    expect(personsIn(said.join('\n'))).toEqual([]);
  });

  test('nor do errors', async () => {
    const { names, numbers } = persons;
    const attempts = [
      () => home.run('2026-10', { snapshotId: '20200101-000000-0000' }),
      () =>
        home.as(CLERK, (service) =>
          markFinding(service, { ruleId: 'V033', recordKey: 'x', reason: 'x', until: '2099-01-01' }),
        ),
    ];
    for (const attempt of attempts) {
      const error = await attempt().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(Error);
      expect(personsIn(String((error as Error).message))).toEqual([]);
    }
    expect(names.length + numbers.length).toBeGreaterThan(0);
  });
});
