/** The mapping file: what it may say, what it refuses and where, and what the queries make of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadDefinitions, loadSourceNames } from '../../pipelines/runtime/definitions.ts';
import { ArbdataError } from '../../pipelines/runtime/errors.ts';
import { columnName, resolveNames } from '../../pipelines/steps/source/oracle/names.ts';
import { CONTRACT, VIEW_NAMES } from '../../schemas/contract.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'names-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function load(content: unknown) {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(path.join(dir, 'source-names.json'), text);
  return resolveNames(loadSourceNames(dir));
}

function refusal(content: unknown): ArbdataError {
  try {
    load(content);
  } catch (error) {
    if (error instanceof ArbdataError) return error;
    throw error;
  }
  throw new Error('the file was taken');
}

test('without a file every name is the contract’s', () => {
  const names = resolveNames(loadSourceNames(dir));
  for (const view of VIEW_NAMES) {
    expect(names[view]).toMatchObject({ view, name: view });
    expect(names[view].owner).toBeUndefined();
    for (const { name } of CONTRACT[view].columns) expect(columnName(names[view], name)).toBe(name);
  }
});

test('names are folded as SQL folds them; quotes keep them', () => {
  const names = load({
    owner: 'cms',
    views: {
      ARB_CASE: { name: '"Cases"', columns: { CASE_NO: 'ah', APPLY_DATE: '"申请 日期"'.replace(' ', '') } },
      ARB_ORG: { name: 'portal.v_org$1', columns: { ORG_NAME: '机构名称' } },
    },
  });
  expect(names.ARB_CASE).toMatchObject({ owner: 'CMS', name: 'Cases' });
  expect(columnName(names.ARB_CASE, 'CASE_NO')).toBe('AH');
  expect(columnName(names.ARB_CASE, 'APPLY_DATE')).toBe('申请日期');
  expect(columnName(names.ARB_CASE, 'CASE_ID')).toBe('CASE_ID');
  expect(names.ARB_ORG).toMatchObject({ owner: 'PORTAL', name: 'V_ORG$1' });
  expect(columnName(names.ARB_ORG, 'ORG_NAME')).toBe('机构名称');
  expect(names.ARB_PARTY).toMatchObject({ owner: 'CMS', name: 'ARB_PARTY' });
});

describe('refuses, naming file and place,', () => {
  test.each<[name: string, content: unknown, place: string, message: RegExp]>([
    ['an unknown key', { view: {} }, '', /Unrecognized key: "view"/],
    ['an unknown view', { views: { ARB_CASES: {} } }, 'views', /ARB_CASES/],
    [
      'an unknown key of a view',
      { views: { ARB_CASE: { nam: 'X' } } },
      'views.ARB_CASE',
      /Unrecognized key: "nam"/,
    ],
    [
      'an unknown column',
      { views: { ARB_CASE: { columns: { CASENO: 'X' } } } },
      'views.ARB_CASE.columns.CASENO',
      /has no such column/,
    ],
    [
      'a database link',
      { views: { ARB_CASE: { name: 'CMS.V_CASE@PROD' } } },
      'views.ARB_CASE.name',
      /without a database link/,
    ],
    ['three parts', { views: { ARB_CASE: { name: 'A.B.C' } } }, 'views.ARB_CASE.name', /OWNER.NAME/],
    [
      'SQL',
      { views: { ARB_CASE: { columns: { CASE_NO: 'NVL(AH, 1)' } } } },
      'views.ARB_CASE.columns.CASE_NO',
      /one name/,
    ],
    ['a half quote', { views: { ARB_CASE: { name: '"V' } } }, 'views.ARB_CASE.name', /NAME/],
    ['a quote in quotes', { owner: '"a"b"' }, 'owner', /one name/],
    ['a space in quotes', { owner: '"a b"' }, 'owner', /one name/],
    ['an empty name', { owner: '' }, 'owner', /one name/],
    ['a long name', { owner: `a${'字'.repeat(43)}` }, 'owner', /128 bytes/],
    [
      'one column for two',
      { views: { ARB_CASE: { columns: { CASE_NO: 'pre_app_id' } } } },
      'views.ARB_CASE.columns.PRE_APP_ID',
      /for CASE_NO too/,
    ],
    [
      'one view for two',
      { views: { ARB_CASE: { name: 'arb_party' } } },
      'views.ARB_PARTY.name',
      /of ARB_CASE too/,
    ],
    ['what is no JSON', '{', '', /is not JSON/],
  ])('%s', (_name, content, place, message) => {
    const error = refusal(content);
    expect(error.code).toBe('E_CONFIG');
    expect(error.where.file).toBe(path.join(dir, 'source-names.json'));
    expect(error.where.column ?? '').toBe(place);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(path.join(dir, 'source-names.json'));
  });
});

test('the mapping is no definition: their hash does not change with it, and the file is no stranger', () => {
  const before = loadDefinitions(dir);
  load({ owner: 'CMS' });
  expect(loadDefinitions(dir).sha256).toBe(before.sha256);
  expect(loadDefinitions(dir).overridden).toEqual([]);
});

test('whatever is taken as a name can stand in a quoted identifier, and nothing else is taken', () => {
  const chars = fc.constantFrom(...'aZ9_$#".@ ;()\'-字\u0000\n');
  fc.assert(
    fc.property(fc.string({ unit: chars, minLength: 1, maxLength: 12 }), (name) => {
      writeFileSync(path.join(dir, 'source-names.json'), JSON.stringify({ owner: name }));
      let owner: string | undefined;
      try {
        owner = resolveNames(loadSourceNames(dir)).ARB_ORG.owner;
      } catch (error) {
        if (!(error instanceof ArbdataError)) throw error;
        return;
      }
      expect(owner).toMatch(/^[^"\0.\s]+$/);
      expect(owner).toBe(name.startsWith('"') ? name.slice(1, -1) : name.toUpperCase());
    }),
  );
});
