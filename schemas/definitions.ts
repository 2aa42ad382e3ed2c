/** Schemas of the definition files under schemas/definitions/ (a home's definitions/ may replace each). */
import { z } from 'zod';
import { CODE_LIST_NAMES, VIEW_NAMES } from './contract.ts';

const day = z.iso.date();
const recorded = { recordedAt: day };

const codeEntry = z.strictObject({
  code: z.string().min(1),
  name: z.string().min(1),
  nationalCode: z.string().optional(),
  macroGroup: z.string().optional(),
  success: z.union([z.literal(0), z.literal(1)]).optional(),
});
const codeList = z.strictObject({
  title: z.string().min(1),
  /** The code under which an empty or unknown value counts. */
  catchAll: z.string().optional(),
  entries: z.array(codeEntry).min(1),
});
export const codesFile = z.strictObject({
  ...recorded,
  validFrom: day,
  lists: z.record(z.enum(CODE_LIST_NAMES), codeList),
});
export type CodesFile = z.infer<typeof codesFile>;

export const SEVERITIES = ['error', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

const rule = z.strictObject({
  /** V: of the rules' specification. N: what others found, such as a platform; such a finding holds no case back. */
  id: z.string().regex(/^[VN]\d{3}$/),
  scope: z.enum([...VIEW_NAMES, 'period', 'any']),
  severity: z.enum(SEVERITIES),
  fields: z.array(z.string().min(1)).min(1),
  /** Short Chinese name. */
  title: z.string().min(1),
  /** Chinese text for the clerk who corrects the record. */
  message: z.string().min(1),
  /** The condition that must hold, in English. */
  condition: z.string().min(1),
  basis: z.string().min(1),
  validFrom: day,
});
export type Rule = z.infer<typeof rule>;
export const rulesFile = z.strictObject({ ...recorded, rules: z.array(rule).min(1) });

export const UNITS = ['件', '人', '万元', '%', '天'] as const;
const population = z.enum([
  'opening_stock',
  'accepted',
  'rejected',
  'closed',
  'closing_stock',
  'mediation_accepted',
  'mediation_closed',
]);
export type PopulationName = z.infer<typeof population>;

/** An indicator, as `A02`, `IA` or `MK1`. */
export const indicatorId = z.string().regex(/^[A-Z]{1,2}\d{0,2}$/);
const indicatorBase = {
  id: indicatorId,
  name: z.string().min(1),
  unit: z.enum(UNITS),
  /** The definition in words, Chinese, for the sheet 说明 and `arbdata indicators`. */
  definition: z.string().min(1),
  validFrom: day,
};
/**
 * A condition compares columns with literals: names, numbers, quoted text, comparisons, AND, OR, NOT, IN, IS NULL.
 * It calls nothing and ends no statement, so that a definition file is data and cannot run anything.
 */
export const condition = z
  .string()
  .min(1)
  .refine(isCondition, { error: 'is not a plain comparison of columns with literals' });

const CONDITION_TOKEN = /\s+|'(?:[^']|'')*'|[0-9]+(?:\.[0-9]+)?|[a-z_][a-z0-9_]*|<>|<=|>=|[=<>(),]/giy;

function isCondition(text: string): boolean {
  const tokens: string[] = [];
  let end = 0;
  for (const match of text.matchAll(CONDITION_TOKEN)) {
    tokens.push(match[0]);
    end = match.index + match[0].length;
  }
  const words = tokens.filter((token) => token.trim() !== '');
  const calls = words.some(
    (word, index) => /^[a-z_]/i.test(word) && words[index + 1] === '(' && !/^(and|or|not|in)$/i.test(word),
  );
  return end === text.length && !calls && !words.some((word) => /^(select|from|union|with)$/i.test(word));
}

/** A sum over the members of a population: `quantity` is one of its columns (count: 1 per member). */
const sumIndicator = z
  .strictObject({
    ...indicatorBase,
    kind: z.enum(['count', 'amount']),
    population,
    /** An SQL condition over the population's columns; absent: every member. */
    where: condition.optional(),
    quantity: z.enum(['one', 'worker_count', 'amount', 'award_amount', 'trial_days']).default('one'),
    decimals: z.union([z.literal(0), z.literal(2)]),
    /** What the sum is divided by before rounding (10000 for 万元). */
    divideBy: z.union([z.literal(1), z.literal(10000)]).default(1),
  })
  .refine(
    ({ kind, quantity }) => (kind === 'amount') === (quantity === 'amount' || quantity === 'award_amount'),
    {
      error: 'an amount sums a quantity of money, a count any other',
      path: ['quantity'],
    },
  );
/** A ratio of sums of other indicators: percent rates and means. */
const ratioIndicator = z.strictObject({
  ...indicatorBase,
  kind: z.enum(['rate', 'mean']),
  numerator: z.union([
    z.strictObject({ indicators: z.array(indicatorId).min(1) }),
    z.strictObject({ population, quantity: z.literal('trial_days') }),
  ]),
  denominator: z.array(indicatorId).min(1),
  /** 100 for percent. */
  multiplyBy: z.union([z.literal(1), z.literal(100)]),
  decimals: z.union([z.literal(1), z.literal(2)]),
});
const indicator = z.discriminatedUnion('kind', [sumIndicator, ratioIndicator]);
export type Indicator = z.infer<typeof indicator>;
export type SumIndicator = z.infer<typeof sumIndicator>;

/** A balance that must hold: the signed sum of the left side compared with that of the right. */
const balance = z.strictObject({
  id: z.string().regex(/^K\d{2}$/),
  name: z.string().min(1),
  relations: z
    .array(
      z.strictObject({
        left: z.array(z.string().regex(/^-?[A-Z]{1,2}\d{0,2}$/)).min(1),
        operator: z.enum(['=', '<=']),
        right: z.array(z.string().regex(/^-?[A-Z]{1,2}\d{0,2}$/)).min(1),
      }),
    )
    .min(1),
});
export type Balance = z.infer<typeof balance>;
export const indicatorsFile = z.strictObject({
  ...recorded,
  indicators: z.array(indicator).min(1),
  balances: z.array(balance),
});
export type IndicatorsFile = z.infer<typeof indicatorsFile>;

export const workingDaysFile = z.strictObject({
  ...recorded,
  years: z.record(
    z.string().regex(/^\d{4}$/),
    z.strictObject({ source: z.string().min(1), holidays: z.array(day), workdays: z.array(day) }),
  ),
});
export type WorkingDaysFile = z.infer<typeof workingDaysFile>;

export const MASKS = ['name', 'identity', 'phone', 'address', 'birth'] as const;
export type MaskKind = (typeof MASKS)[number];
export const personalColumnsFile = z.strictObject({
  ...recorded,
  /** `VIEW.COLUMN` → how it is masked. */
  columns: z.record(z.string().regex(/^[A-Z_]+\.[A-Z_]+$/), z.enum(MASKS)),
});
export type PersonalColumnsFile = z.infer<typeof personalColumnsFile>;
