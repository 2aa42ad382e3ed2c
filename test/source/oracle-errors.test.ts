/** Errors of driver and database become errors of ours that say what to do and quote nothing. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ArbdataError } from '../../pipelines/runtime/errors.ts';
import {
  driverCodeOf,
  FAULTS,
  isExpired,
  isLost,
  oracleError,
  oracleErrorCode,
  translated,
} from '../../pipelines/steps/source/oracle/errors.ts';

const withCode = (code: string, message: string): Error => Object.assign(new Error(message), { code });

describe('the code of an error', () => {
  test.each([
    [withCode('ORA-01017', 'ORA-01017: invalid credential'), 'ORA-01017'],
    [withCode('NJS-500', 'NJS-500: connection closed\nORA-00028: your session has been killed'), 'ORA-00028'],
    [withCode('NJS-500', 'NJS-500: connection to Oracle Database was closed or broken'), 'NJS-500'],
    [withCode('NJS-518', 'NJS-518: cannot connect. Service "X" is not registered'), 'NJS-518'],
    [withCode('NJS-511', 'NJS-511: refused\nCause: ORA-12541'), 'ORA-12541'],
    [withCode('NJS-503', 'NJS-503: could not be established\nTNS-12514: …'), 'ORA-12514'],
    [
      withCode('NJS-503', 'NJS-503: could not be established\nconnect ECONNREFUSED 10.0.0.1:1521'),
      'ECONNREFUSED',
    ],
    [withCode('ECONNRESET', 'read ECONNRESET'), 'ECONNRESET'],
    [new Error('ORA-01555: snapshot too old: rollback segment number 9'), 'ORA-01555'],
    [new TypeError('x is not a function'), undefined],
    ['a text', undefined],
  ])('%s is %s', (error, code) => {
    expect(driverCodeOf(error)).toBe(code);
  });
});

describe('what is told', () => {
  test('a text of the database, which may quote data, is not passed on', () => {
    const text = 'ORA-01722: unable to convert string value containing 110101199001011234 to a number';
    const error = translated(withCode('ORA-01722', text), 'reading ARBDATA@db') as ArbdataError;
    expect(JSON.stringify([error.message, error.advice, error.where, String(error.stack)])).not.toContain(
      '110101199001011234',
    );
    expect(error.cause).toBeUndefined();
    expect(error.message).toBe('reading ARBDATA@db: a text in the view is no number (ORA-01722)');
  });

  test('an unknown code is named with where to look', () => {
    const error = oracleError('ORA-54321', 'reading');
    expect(error).toMatchObject({ code: 'E_SOURCE_DATABASE', fate: 'fixed', exit: 4 });
    expect(error.message).toContain('ORA-54321');
    expect(error.advice).toContain('ORA-54321');
  });

  test('an error of ours, and one that is not of the driver, stay as they are', () => {
    const ours = new ArbdataError('E_DISK_FULL', 'full', { advice: 'free' });
    const defect = new TypeError('x is not a function');
    expect(translated(ours, 'reading')).toBe(ours);
    expect(translated(defect, 'reading')).toBe(defect);
    expect(oracleErrorCode(ours)).toBeUndefined();
    expect(oracleErrorCode(oracleError('ORA-00942', 'reading'))).toBe('ORA-00942');
  });
});

describe('what may be tried again', () => {
  const lost = [
    'ORA-03113',
    'ORA-03114',
    'ORA-00028',
    'ORA-01013',
    'ORA-12609',
    'NJS-500',
    'NJS-503',
    'NJS-123',
    'ECONNRESET',
    'STALL',
    'NJS-103',
  ];
  const expired = ['ORA-01555', 'ORA-01466', 'ORA-08180', 'ORA-08181'];
  const fixed = [
    'ORA-01017',
    'ORA-28000',
    'ORA-28001',
    'ORA-01031',
    'ORA-00942',
    'NJS-116',
    'NJS-138',
    'NJS-533',
  ];

  test('a lost session, on another one', () => {
    for (const code of lost) expect(oracleError(code, 'x'), code).toSatisfy(isLost);
  });
  test('a moment that is gone, at another one', () => {
    for (const code of expired) expect(oracleError(code, 'x'), code).toSatisfy(isExpired);
  });
  test('nothing else: a wrong password that is tried again locks the account', () => {
    for (const code of fixed) {
      expect(oracleError(code, 'x'), code).toMatchObject({ fate: 'fixed', retryable: false });
    }
  });

  test('what only the client libraries can do leads to them', () => {
    for (const code of ['NJS-116', 'NJS-138', 'NJS-533', 'ORA-28040']) {
      const error = oracleError(code, 'connecting');
      expect(error.code).toBe('E_SOURCE_DRIVER');
      expect(error.advice).toContain('ORACLE_CLIENT_LIB_DIR');
    }
  });

  test('the fate agrees with what the command tells a scheduler', () => {
    for (const code of Object.keys(FAULTS)) {
      const error = oracleError(code, 'x');
      expect(error.retryable, code).toBe(error.fate !== 'fixed');
    }
  });
});

test('the codes of the driver in the table are codes of the driver that is installed', () => {
  const require = createRequire(import.meta.url);
  const text = readFileSync(path.join(path.dirname(require.resolve('oracledb')), 'lib/errors.js'), 'utf8');
  const known = new Set(
    [...text.matchAll(/^const \w+ = (\d+);/gm)].map(([, number]) => `NJS-${String(number).padStart(3, '0')}`),
  );
  expect(known.size).toBeGreaterThan(100);
  const named = Object.keys(FAULTS).filter((code) => code.startsWith('NJS-'));
  expect(named.filter((code) => !known.has(code))).toEqual([]);
});
