/** 三方一致: the monthly table, what the platform took and the cockpit, held against each other case by case. */
import { z } from 'zod';
import { condition } from './definitions.ts';

/** Who says a figure, in the order in which they are shown. */
export const SIDES = ['table', 'platform', 'cockpit'] as const;
export type Side = (typeof SIDES)[number];
export const GAP_CLASSES = ['defect', 'timing', 'definition'] as const;
export type GapClass = (typeof GAP_CLASSES)[number];

/** Which two are held against each other; a difference is the first less the second. */
export const PAIRS = [
  { id: 'table-platform', left: 'table', right: 'platform' },
  { id: 'table-cockpit', left: 'table', right: 'cockpit' },
  { id: 'platform-cockpit', left: 'platform', right: 'cockpit' },
] as const satisfies readonly { readonly id: string; readonly left: Side; readonly right: Side }[];
export const PAIR_IDS = PAIRS.map(({ id }) => id) as ['table-platform', 'table-cockpit', 'platform-cockpit'];
export type PairId = (typeof PAIRS)[number]['id'];

/** The first three stand in the figures that their days fall into. */
const FACT_STATES = [
  'counted',
  'present',
  'held',
  'excluded',
  'undated',
  'removed',
  'untaken',
  'deleted',
  'unaccepted',
  'absent',
  'unknown',
] as const;
export type FactState = (typeof FACT_STATES)[number];

const words = { title: z.string().min(1), text: z.string().min(1) };
const reason = z.strictObject({
  id: z.string().regex(/^[a-z][a-z-]*$/),
  class: z.enum(GAP_CLASSES),
  ...words,
  /** A condition over the columns of `gap_fact` (sql/agreement/040-gap-fact.sql); absent: what nothing else explains. */
  when: condition.optional(),
});
export type Reason = z.infer<typeof reason>;

/** Whether a list has every name of another, each once, in that order. */
const areAll = (names: readonly string[]) => (list: readonly { readonly id: string }[]) =>
  list.length === names.length && list.every(({ id }, index) => id === names[index]);

export const agreementFile = z.strictObject({
  recordedAt: z.iso.date(),
  sides: z
    .array(z.strictObject({ id: z.enum(SIDES), short: z.string().min(1), ...words }))
    .refine(areAll(SIDES), `the sides are ${SIDES.join(', ')}`),
  classes: z
    .array(z.strictObject({ id: z.enum(GAP_CLASSES), ...words }))
    .refine(areAll(GAP_CLASSES), `the classes are ${GAP_CLASSES.join(', ')}`),
  /** Indicators of the monthly table and the cockpit's trend; `falls`: which records of the platform belong to them. */
  figures: z.array(z.strictObject({ id: z.enum(['A02', 'C01', 'B01']), falls: condition })).min(1),
  /** What a side knows of a case. */
  states: z
    .array(z.strictObject({ id: z.enum(FACT_STATES), title: z.string().min(1) }))
    .refine(areAll(FACT_STATES), `the states are ${FACT_STATES.join(', ')}`),
  /** In this order: the first whose condition holds is the reason of a gap. */
  reasons: z
    .array(reason)
    .min(1)
    .refine((list) => new Set(list.map(({ id }) => id)).size === list.length, 'a reason stands twice')
    .refine(
      (list) =>
        list.every(({ when }, index) => (when === undefined) === (index === list.length - 1)) &&
        list.at(-1)?.class === 'defect',
      'the last reason, and no other, has no condition; it is a defect',
    ),
});
export type AgreementFile = z.infer<typeof agreementFile>;
