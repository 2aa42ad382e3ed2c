/** Citizen numbers (GB 11643) and credit codes (GB 32100), against straightforward computations. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalise } from '../../pipelines/steps/validate/normalise.ts';
import { isRealDate } from '../../schemas/period.ts';
import { AS_OF, definitions, withRaw } from './support.ts';

const PROVINCES = [11, 15, 21, 37, 46, 54, 65, 71, 81, 82, 83].map(String);
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';

function citizenCheck(body: string): string {
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(body[place]), 0);
  return '10X98765432'[sum % 11] ?? '';
}

function isCitizen(id: string): boolean {
  if (!/^\d{17}[\dX]$/.test(id)) return false;
  const birth = `${id.slice(6, 10)}-${id.slice(10, 12)}-${id.slice(12, 14)}`;
  const province = Number(id.slice(0, 2));
  const known = [11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46];
  known.push(50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83);
  return (
    known.includes(province) &&
    isRealDate(birth) &&
    birth <= AS_OF &&
    citizenCheck(id.slice(0, 17)) === id[17]
  );
}

function creditCheck(body: string): string {
  let sum = 0;
  let weight = 1;
  for (const character of body) {
    sum += ALPHABET.indexOf(character) * weight;
    weight = (weight * 3) % 31;
  }
  return ALPHABET[(31 - (sum % 31)) % 31] ?? '';
}

const isCredit = (id: string) =>
  id.length === 18 && [...id].every((c) => ALPHABET.includes(c)) && creditCheck(id.slice(0, 17)) === id[17];

const digits = (size: number) => fc.stringMatching(new RegExp(`^[0-9]{${size}}$`));
const pad = (size: number) => (n: number) => String(n).padStart(size, '0');
const citizenBody = fc
  .tuple(
    fc.oneof(fc.constantFrom(...PROVINCES), digits(2)),
    digits(4),
    fc.oneof(fc.integer({ min: 1900, max: 2030 }), fc.constantFrom(0, 1, 1900, 2000, 2024, 9999)).map(pad(4)),
    fc.integer({ min: 0, max: 13 }).map(pad(2)),
    fc.integer({ min: 0, max: 32 }).map(pad(2)),
    digits(3),
  )
  .map((parts) => parts.join(''));
const citizen = fc.oneof(
  { weight: 4, arbitrary: citizenBody.map((body) => body + citizenCheck(body)) },
  { weight: 1, arbitrary: citizenBody.chain((body) => digits(1).map((end) => body + end)) },
  {
    weight: 1,
    arbitrary: fc.string({ maxLength: 20, unit: 'grapheme-ascii' }).map((text) => text.trim() || 'Y'),
  },
);
const creditBody = fc
  .array(fc.constantFrom(...ALPHABET), { minLength: 17, maxLength: 17 })
  .map((c) => c.join(''));
const credit = fc.oneof(
  { weight: 3, arbitrary: creditBody.map((body) => body + creditCheck(body)) },
  { weight: 1, arbitrary: creditBody.chain((body) => fc.constantFrom(...ALPHABET).map((end) => body + end)) },
  {
    weight: 1,
    arbitrary: creditBody.chain((body) => fc.constantFrom(...'IOSVZ-a').map((odd) => odd + body)),
  },
  { weight: 1, arbitrary: creditBody },
);

test('check columns of parties', async () => {
  let valid = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(citizen, { minLength: 150, maxLength: 150 }),
      fc.array(credit, { minLength: 50, maxLength: 50 }),
      async (people, firms) => {
        await withRaw(async (engine) => {
          await engine.run('CREATE TABLE sample (id VARCHAR, kind VARCHAR, number VARCHAR)');
          const rows = [...people.map((id) => ['1', id]), ...firms.map((id) => ['2', id])];
          await engine.append(
            'sample',
            rows.map(([kind = '', id = ''], n) => [String(n), kind, id] as const),
          );
          await engine.run(`
            INSERT INTO arb_party BY NAME
            SELECT CAST(id AS BIGINT) AS "PARTY_ID", kind AS "PARTY_KIND", number AS "ID_NO" FROM sample`);
          await normalise(engine, { definitions, asOf: AS_OF, start: '2026-10-01', end: '2026-10-31' });
          const found = await engine.rows<{ ok: number; born: string | null; gender: string | null }>(`
            SELECT id_is_valid AS ok, CAST(day_date(id_birth_day) AS VARCHAR) AS born,
              CASE WHEN id_birth_day IS NOT NULL THEN citizen_gender(id_no) END AS gender
            FROM valid_party ORDER BY party_id`);
          const expected = [
            ...people.map((id) => {
              if (!isCitizen(id)) return { ok: 0, gender: null, born: null };
              const born = `${id.slice(6, 10)}-${id.slice(10, 12)}-${id.slice(12, 14)}`;
              return { ok: 1, gender: Number(id[16]) % 2 === 1 ? '1' : '2', born };
            }),
            ...firms.map((id) => ({ ok: isCredit(id) ? 1 : 0, gender: null, born: null })),
          ];
          expect(found).toEqual(expected);
          valid += expected.filter(({ ok }) => ok === 1).length;
        });
      },
    ),
    { numRuns: 6 },
  );
  expect(valid).toBeGreaterThan(100);
});
