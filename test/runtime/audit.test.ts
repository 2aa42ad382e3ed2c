import { readFile, rm, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { canonicalJson } from '../../pipelines/runtime/audit.ts';
import { fixedClock } from '../../pipelines/runtime/clock.ts';
import type { Home } from '../../pipelines/runtime/home.ts';
import { openLedger } from '../../pipelines/runtime/ledger.ts';
import { openSqlite } from '../../pipelines/runtime/node-sqlite.ts';
import { temporaryHome } from './support/home.ts';

const clock = fixedClock('2026-11-23T09:15:00+08:00');
const WITHOUT_GUARDS =
  'DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; DROP TRIGGER audit_appends;';
const RECORDS = 6;

async function opened(home: Home) {
  const ledger = await openLedger(home, clock);
  onTestFinished(() => ledger.close());
  return ledger;
}

/** A home with an audit record of six: the ledger's own first one and five more. */
async function auditedHome(): Promise<Home> {
  const home = await temporaryHome();
  const ledger = await openLedger(home, clock);
  for (let at = 2; at <= RECORDS; at += 1) {
    await ledger.appendAudit({
      actor: 'li',
      action: 'test.act',
      subject: `case/${at}`,
      detail: { n: at, text: '受理' },
    });
  }
  expect(await ledger.verifyAudit()).toEqual({ records: RECORDS, ok: true });
  await ledger.close();
  return home;
}

async function outside(home: Home, sql: string): Promise<void> {
  const database = await openSqlite(home.ledger);
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

describe('the record refuses', () => {
  test.each([
    "UPDATE audit SET actor = 'wang' WHERE seq = 3",
    'DELETE FROM audit WHERE seq = 3',
    'DELETE FROM audit',
    "INSERT OR REPLACE INTO audit SELECT seq, at, 'wang', action, subject, detail, previous_hash, hash FROM audit WHERE seq = 3",
    'INSERT INTO audit SELECT 99, at, actor, action, subject, detail, previous_hash, hash FROM audit WHERE seq = 3',
  ])('%s', async (sql) => {
    const home = await auditedHome();
    await expect(outside(home, sql)).rejects.toThrow('append-only');
    expect(await (await opened(home)).verifyAudit()).toEqual({ records: RECORDS, ok: true });
  });
});

describe('verification finds', () => {
  test.each([
    ['seq', 'seq = 33', 3],
    ['at', "at = '2026-11-23 09:15:00.001'", 3],
    ['actor', "actor = 'wang'", 3],
    ['action', "action = 'test.other'", 3],
    ['subject', "subject = 'case/4'", 3],
    ['detail', `detail = '{"n":4,"text":"受理"}'`, 3],
    ['the spaces in detail', `detail = '{"n": 3,"text":"受理"}'`, 3],
    ['previous_hash', 'previous_hash = (SELECT hash FROM audit WHERE seq = 1)', 3],
    ['hash', 'hash = (SELECT hash FROM audit WHERE seq = 4)', 3],
  ])('a change of %s', async (_, change, firstBroken) => {
    const home = await auditedHome();
    await outside(home, `${WITHOUT_GUARDS} UPDATE audit SET ${change} WHERE seq = 3`);
    expect(await (await opened(home)).verifyAudit()).toMatchObject({
      records: RECORDS,
      ok: false,
      firstBroken,
    });
  });

  test.each([1, 3, RECORDS])('record %i removed', async (seq) => {
    const home = await auditedHome();
    await outside(home, `${WITHOUT_GUARDS} DELETE FROM audit WHERE seq = ${seq}`);
    expect(await (await opened(home)).verifyAudit()).toMatchObject({
      records: RECORDS - 1,
      ok: false,
      firstBroken: seq,
    });
  });

  test('a tail that was cut, even after new records took its place', async () => {
    const home = await auditedHome();
    const head = await readFile(home.auditHead, 'utf8');
    await outside(home, `${WITHOUT_GUARDS} DELETE FROM audit WHERE seq > 4`);
    const ledger = await opened(home);
    expect(await ledger.verifyAudit()).toMatchObject({ records: 4, ok: false, firstBroken: 5 });
    for (let at = 0; at < 4; at += 1)
      await ledger.appendAudit({ actor: 'li', action: 'test.act', subject: 'new' });
    expect(await ledger.verifyAudit()).toMatchObject({ records: 8, ok: false, firstBroken: 6 });
    // The file that tells of it is evidence and is not written over.
    expect(await readFile(home.auditHead, 'utf8')).toBe(head);
  });

  test('a record that was removed whole', async () => {
    const home = await auditedHome();
    await outside(home, `${WITHOUT_GUARDS} DELETE FROM audit`);
    expect(await (await opened(home)).verifyAudit()).toMatchObject({ records: 1, ok: false, firstBroken: 2 });
  });

  test.each(['', 'null', '{"seq":6}', '{"hash":"x","seq":"6"}'])('a damaged head file: %j', async (text) => {
    const home = await auditedHome();
    await writeFile(home.auditHead, text);
    expect(await (await opened(home)).verifyAudit()).toMatchObject({ ok: false });
    expect(await readFile(home.auditHead, 'utf8')).toBe(text);
  });

  test('a missing head file', async () => {
    const home = await auditedHome();
    await rm(home.auditHead);
    expect(await (await opened(home)).verifyAudit()).toMatchObject({ ok: false, firstBroken: RECORDS + 1 });
  });
});

describe('the head file', () => {
  test('may lag after a crash and is brought up at the next opening', async () => {
    const home = await auditedHome();
    const head = await readFile(home.auditHead, 'utf8');
    const ledger = await opened(home);
    await ledger.appendAudit({ actor: 'li', action: 'test.act', subject: 'last' });
    const latest = await readFile(home.auditHead, 'utf8');
    expect(JSON.parse(latest)).toMatchObject({ seq: RECORDS + 1 });
    await writeFile(home.auditHead, head);
    expect(await ledger.verifyAudit()).toEqual({ records: RECORDS + 1, ok: true });
    await opened(home);
    expect(await readFile(home.auditHead, 'utf8')).toBe(latest);
  });

  test('is made anew where the crash came right after the first record', async () => {
    const home = await temporaryHome();
    await (await openLedger(home, clock)).close();
    const head = await readFile(home.auditHead, 'utf8');
    await rm(home.auditHead);
    expect(await (await opened(home)).verifyAudit()).toEqual({ records: 1, ok: true });
    expect(await readFile(home.auditHead, 'utf8')).toBe(head);
  });

  test('forty records at once, of two connections, are one chain', async () => {
    const home = await temporaryHome();
    const ledgers = [await opened(home), await opened(home)];
    const entry = { actor: 'li', action: 'test.act', subject: 's' };
    await Promise.all(Array.from({ length: 40 }, (_, at) => ledgers[at % 2]?.appendAudit(entry)));
    expect(await ledgers[0]?.verifyAudit()).toEqual({ records: 41, ok: true });
    expect(JSON.parse(await readFile(home.auditHead, 'utf8'))).toMatchObject({ seq: 41 });
  });
});

test('any text can be recorded and verifies', async () => {
  const ledger = await opened(await temporaryHome());
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(text, text, fc.jsonValue(), async (actor, subject, detail) => {
      await ledger.appendAudit({ actor, action: 'test.act', subject, detail });
    }),
    { numRuns: 40, examples: [['\0', '\uD800', { '\uDC00': '\0' }]] },
  );
  expect((await ledger.verifyAudit()).ok).toBe(true);
});

test('canonical JSON does not depend on the order of keys and reads back as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
  expect(canonicalJson({ b: 1, a: { d: undefined, c: [null, '二'] } })).toBe('{"a":{"c":[null,"二"]},"b":1}');
  for (const value of [undefined, 1n, Number.NaN, new Date(), () => 1]) {
    expect(() => canonicalJson(value)).toThrow('no JSON form');
  }
});
