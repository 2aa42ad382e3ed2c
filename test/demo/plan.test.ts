import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PROJECT_DIR } from '../../pipelines/runtime/project.ts';
import { readDemoDefinitions } from '../../pipelines/steps/demo/definitions.ts';
import { addMonths, planDemo } from '../../pipelines/steps/demo/plan.ts';

const definitions = readDemoDefinitions();

test('months add up as steps do', () => {
  const month = fc
    .tuple(fc.integer({ min: 1900, max: 2100 }), fc.integer({ min: 1, max: 12 }))
    .map(([year, number]) => `${year}-${String(number).padStart(2, '0')}`);
  const steps = fc.integer({ min: -500, max: 500 });
  fc.assert(
    fc.property(month, steps, steps, (start, a, b) => {
      expect(addMonths(addMonths(start, a), b)).toBe(addMonths(start, a + b));
      expect(addMonths(addMonths(start, a), -a)).toBe(start);
    }),
  );
  expect(addMonths('2025-12', 1)).toBe('2026-01');
});

test('the bodies of the nation have codes and words of their own', () => {
  const { bodies } = planDemo({ size: 'nation', seed: 1, until: '2026-10' }, definitions);
  expect(bodies).toHaveLength(3000);
  expect(new Set(bodies.map(({ code }) => code)).size).toBe(3000);
  expect(new Set(bodies.map(({ name }) => name)).size).toBe(3000);
  expect(new Set(bodies.map(({ caseWord }) => caseWord)).size).toBe(3000);
  for (const body of bodies) {
    expect(body.code).toMatch(/^\d{6}$/);
    expect(body.caseWord.length).toBeLessThanOrEqual(20);
  }
});

test('three small bodies have an odd last month', () => {
  const { bodies } = planDemo({ size: 'demo', seed: 1, until: '2026-10' }, definitions);
  expect(
    bodies
      .filter(({ mood }) => mood !== 'steady')
      .map(({ mood }) => mood)
      .toSorted(),
  ).toEqual(['crowded', 'silent', 'unclosed']);
});

test('every code that is drawn stands in its code list', () => {
  const { lists } = JSON.parse(
    readFileSync(path.join(PROJECT_DIR, 'schemas/definitions/codes.json'), 'utf8'),
  ) as { lists: Record<string, { entries: { code: string }[] }> };
  const { shares } = definitions.demo;
  const drawn: [string, keyof typeof shares][] = [
    ['dispute_type', 'disputeType'],
    ['dispute_type', 'disputeTypeOfPublicBodies'],
    ['dispute_type', 'mediationDisputeType'],
    ['employer_nature', 'employerNature'],
    ['industry', 'industryOfCity'],
    ['industry', 'industryOfNation'],
    ['close_mode', 'closeMode'],
    ['award_result', 'awardResult'],
    ['mediator_kind', 'mediatorKind'],
    ['mediation_result', 'mediationResult'],
    ['pre_application_status', 'preApplicationStatus'],
  ];
  for (const [list, share] of drawn) {
    const codes = lists[list]?.entries.map(({ code }) => code) ?? [];
    expect(codes, share).toEqual(expect.arrayContaining(Object.keys(shares[share])));
  }
});
