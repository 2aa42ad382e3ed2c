/** agreement: the monthly table, what the platform took and the cockpit, held against each other. */
import { type Command, Option } from 'commander';
import {
  type Agreement,
  type AgreementRow,
  agreement,
  GAP_CLASSES,
  type Gap,
  type GapClass,
  PAIR_IDS,
  type PairId,
  type ReasonCount,
  type ShownSide,
  SIDES,
} from '../../pipelines/agreement.ts';
import { readPeriod } from '../../pipelines/runtime/period.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import type { Register } from '../register.ts';
import type { CommandResult } from '../result.ts';
import { type TableColumn, tableLines } from '../table.ts';

interface AgreementOptions {
  period?: string;
  org?: string;
  pair?: PairId;
  figure?: string;
  class?: GapClass;
}

export function registerAgreement(program: Command, register: Register): void {
  register<AgreementOptions>(
    program
      .command('agreement')
      .description(
        'the monthly table, what the platform took and the cockpit: each difference with its cases (三方一致)',
      )
      .option('--period <month>', '2026-10; absent: the last month that was published')
      .option('--org <code>', 'only this body')
      .addOption(new Option('--pair <pair>', 'only the cases between these two').choices(PAIR_IDS))
      .option('--figure <id>', 'only the cases of this figure, such as A02')
      .addOption(new Option('--class <class>', 'only the cases of this class').choices(GAP_CLASSES)),
    compare,
    [
      'arbdata agreement --period 2026-10',
      'arbdata agreement --period 2026-10 --org 110105 --class defect',
      'arbdata agreement --json',
    ],
  );
}

async function compare(service: Service, options: AgreementOptions): Promise<CommandResult> {
  const period = options.period === undefined ? undefined : readPeriod(options.period);
  const found = await agreement(service, { period, org: options.org });
  const { pair, figure, class: name } = options;
  const { sides, classes, states, figures, bodies, rows, reasons } = found;
  return {
    json: { period: found.period, org: found.org, sides, classes, states, figures, bodies, rows, reasons },
    lines: [
      `agreement ${found.period}, ${found.org}`,
      ...sides.map(sideLine),
      '',
      ...tableLines(rowColumns(found), rows),
      '',
      ...reasonLines(found, reasons),
      '',
      'class  reason  pair  figure  body  case  case number  counted by',
    ],
    stream: {
      key: 'cases',
      rows: found.cases({ pair, figure: figure?.toUpperCase(), class: name }),
      line: (row) => caseLine(found, row as Gap),
    },
    close: found.close,
  };
}

function sideLine({ side, title, missing, facts, notes }: ShownSide): string {
  const said = missing ?? [...facts.map(([name, value]) => `${name} ${value}`), ...notes].join('，');
  return `${side} ${title}: ${said}`;
}

/** Numbers of the three, then for each pair the difference and its cases by class: `+6 (1/2/3)`. */
function rowColumns({ sides, classes }: Agreement): TableColumn<AgreementRow>[] {
  const number = (side: (typeof SIDES)[number]): TableColumn<AgreementRow> => ({
    title: sides.find((one) => one.side === side)?.title ?? side,
    align: 'right',
    value: ({ counts }) => String(counts[side] ?? '—'),
  });
  const difference = (id: PairId): TableColumn<AgreementRow> => ({
    title: `${id} (${classes.map(({ title }) => title).join('/')})`,
    align: 'right',
    value: ({ pairs }) => {
      const one = pairs.find(({ pair }) => pair === id);
      if (one === undefined) return '—';
      const sign = one.difference > 0 ? '+' : '';
      return `${sign}${one.difference} (${GAP_CLASSES.map((name) => one.classes[name]).join('/')})`;
    },
  });
  return [
    { title: 'figure', value: ({ figure }) => figure },
    { title: 'body', value: ({ orgCode }) => orgCode },
    ...SIDES.map(number),
    ...PAIR_IDS.map(difference),
  ];
}

function reasonLines({ classes }: Agreement, reasons: readonly ReasonCount[]): string[] {
  if (reasons.length === 0) return ['no differences'];
  const titleOf = (id: GapClass) => classes.find((one) => one.id === id)?.title ?? id;
  return tableLines<ReasonCount>(
    [
      { title: 'class', value: (one) => titleOf(one.class) },
      { title: 'reason', value: ({ title }) => title },
      ...PAIR_IDS.map((pair) => ({
        title: pair,
        align: 'right' as const,
        value: ({ cases }: ReasonCount) => String(cases[pair]),
      })),
    ],
    reasons,
  );
}

function caseLine({ classes, reasons }: Agreement, one: Gap): string {
  const words = [
    classes.find(({ id }) => id === one.class)?.title,
    reasons.find(({ id }) => id === one.reason)?.title,
    one.pair,
    one.figure,
    one.orgCode,
    one.caseId,
    one.caseNo ?? '—',
    one.inSide,
    one.rules,
    one.rejectionCode,
  ];
  return words.filter((word) => word !== undefined && word !== null).join('  ');
}
