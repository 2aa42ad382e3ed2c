/** What the demo generator draws from: schemas/definitions/demo.json and organisations.json, checked. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ArbdataError } from '../../runtime/errors.ts';
import { PROJECT_DIR } from '../../runtime/project.ts';

const count = z.int().positive();
const permille = z.int().min(0).max(1000);
const text = z.string().min(1);

/** Shares in permille by code; they add up to 1000. */
const shares = z
  .record(text, z.int().positive())
  .refine((record) => Object.values(record).reduce((sum, share) => sum + share, 0) === 1000, {
    error: 'the shares do not add up to 1000',
  });

/** Points of a distribution: [percent, value], both rising, from 0 to 100 percent. */
const quantiles = z
  .array(z.tuple([z.int().min(0).max(100), z.int().nonnegative()]))
  .min(2)
  .refine((points) => points[0]?.[0] === 0 && points.at(-1)?.[0] === 100 && isRising(points), {
    error: 'the points do not rise from 0 to 100 percent',
  });

function isRising(points: readonly (readonly [number, number])[]): boolean {
  return points.every(([percent, value], index) => {
    const before = points[index - 1];
    return before === undefined || (before[0] < percent && before[1] <= value);
  });
}

const CHANCES = [
  'employerApplies',
  'rejected',
  'collective',
  'severalWorkers',
  'secondRespondent',
  'thirdParty',
  'repeatedPerson',
  'restarted',
  'overdue',
  'published',
  'suspended',
  'lateDecision',
  'weekendApplication',
  'mailed',
  'deleted',
  'finalAward',
  'noIdentity',
  'noCreditCode',
  'wholeYuan',
  'oneCharacterName',
] as const;

const SHARES = [
  'disputeType',
  'disputeTypeOfPublicBodies',
  'employerNature',
  'industryOfCity',
  'industryOfNation',
  'closeMode',
  'awardResult',
  'claimCount',
  'decisionDelay',
  'mediatorKind',
  'mediationResult',
  'mediationDisputeType',
  'preApplicationStatus',
  'homeProvince',
  'surname',
] as const;

const QUANTILES = [
  'claimYuan',
  'mediationYuan',
  'collectiveWorkers',
  'daysToMediation',
  'daysToAward',
  'daysToOtherEnd',
  'suspendedDays',
  'ageYears',
] as const;

const size = z.strictObject({
  cases: count,
  mediations: count,
  preApplications: count,
  months: count,
  /** The bodies of organisations.json, or so many invented ones. */
  bodies: z.union([z.literal('organisations'), count]),
  claimScalePercent: count,
  industry: z.enum(['industryOfCity', 'industryOfNation']),
});

export const DEMO_SIZES = ['demo', 'city', 'nation'] as const;
export type DemoSize = (typeof DEMO_SIZES)[number];

const demoFile = z.strictObject({
  recordedAt: z.iso.date(),
  sizes: z.record(z.enum(DEMO_SIZES), size),
  linkedPreApplicationPercent: z.int().min(1).max(99),
  seasonPercent: z.array(count).length(12),
  growthPerMonthPermille: z.int().min(0).max(20),
  permille: z.record(z.enum(CHANCES), permille),
  /** Share of cases with a hearing, by CLOSE_MODE 1 to 5. */
  hearingPermille: z.record(z.enum(['1', '2', '3', '4', '5']), permille),
  quantiles: z.record(z.enum(QUANTILES), quantiles),
  shares: z.record(z.enum(SHARES), shares),
  givenCharacters: z.array(text).min(10),
  brandCharacters: z.array(text).min(10),
  /** Words of a firm's trade by INDUSTRY_CODE. */
  sectorWords: z.record(text, z.array(text).min(1)),
  roads: z.array(text).min(1),
  /** Two-digit province codes of the invented nation. */
  provinces: z.array(z.string().regex(/^\d{2}$/)).min(1),
  /** First day of each lunar year: the offices close from the eve on. */
  springFestivals: z.array(z.iso.date()).min(1),
});
export type DemoDefinitions = z.infer<typeof demoFile>;

const organisationsFile = z.strictObject({
  recordedAt: z.iso.date(),
  organisations: z
    .array(
      z.strictObject({
        code: text.max(12),
        name: text.max(200),
        district: z.string().regex(/^\d{6}$/),
        /** How addresses name the district. */
        place: text,
        level: z.enum(['1', '2']),
        caseWord: text.max(20),
        /** Share of the cases, in parts of the sum of all. */
        demoWeight: count,
      }),
    )
    .min(1),
});
export type Organisation = z.infer<typeof organisationsFile>['organisations'][number];

/**
 * Read and check both definition files.
 * @throws ArbdataError E_DEFINITION naming the file and the place in it
 */
export function readDemoDefinitions(): { demo: DemoDefinitions; organisations: readonly Organisation[] } {
  return {
    demo: readDefinition('demo.json', demoFile),
    organisations: readDefinition('organisations.json', organisationsFile).organisations,
  };
}

function readDefinition<T>(name: string, schema: z.ZodType<T>): T {
  const file = path.join(PROJECT_DIR, 'schemas/definitions', name);
  const result = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ArbdataError('E_DEFINITION', `${name}: ${issue?.path.join('.')}: ${issue?.message}`, {
    advice: 'Mend the named place in the file, or restore the shipped file.',
    where: { file },
  });
}
