/** demo, source: make or load the embedded source and look at it. */
import { type Command, Option } from 'commander';
import { DEMO_SIZES, type DemoSize, makeDemo } from '../../pipelines/demo.ts';
import { ArbdataError, EXIT } from '../../pipelines/runtime/errors.ts';
import { readDate, readPeriod } from '../../pipelines/runtime/period.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { counted } from '../../pipelines/runtime/words.ts';
import {
  CSV_ENCODINGS,
  type CsvEncoding,
  checkSource,
  importSource,
  problemPlace,
  type SourceCheck,
} from '../../pipelines/source.ts';
import { examplesText, type Register } from '../register.ts';
import type { CommandResult } from '../result.ts';
import { tableLines } from '../table.ts';

interface DemoOptions {
  size: DemoSize;
  seed: string;
  until?: string;
  replace?: boolean;
}

export function registerDemo(program: Command, register: Register): void {
  const command = program
    .command('demo')
    .description('make a synthetic source with known defects; replaces an earlier demo')
    .addOption(new Option('--size <size>', 'how large').choices(DEMO_SIZES).default('demo'))
    .option('--seed <n>', 'another seed gives other people, firms and cases', '1')
    .option('--until <month>', 'last month with data (YYYY-MM); absent: the last complete month')
    .option('--replace', 'also replace a source that is not a demo');
  register<DemoOptions>(command, demo, ['arbdata demo', 'arbdata demo --size city --seed 7 --until 2026-10']);
}

async function demo(service: Service, options: DemoOptions): Promise<CommandResult> {
  const seed = Number(options.seed);
  if (!/^\d{1,10}$/.test(options.seed) || seed > 2 ** 31 - 1) {
    throw new ArbdataError('E_USAGE', `--seed ${options.seed} is not a whole number from 0 to 2147483647`, {
      advice: 'For example --seed 7.',
    });
  }
  const until = options.until === undefined ? undefined : readPeriod(options.until);
  const made = await makeDemo(service, {
    size: options.size,
    seed,
    until,
    replace: options.replace === true,
  });
  return {
    json: { ...made, size: options.size, seed },
    lines: [
      `demo source, size ${options.size}, seed ${seed}: data to ${made.until}, as of ${made.asOf}`,
      `  ${made.file}`,
      `  ${made.defectsFile} (${counted(made.defects, 'injected defect')})`,
      'Next: npx arbdata run monthly',
    ],
  };
}

export function registerSource(program: Command, register: Register): void {
  const source = program
    .command('source')
    .description('the embedded source')
    .addHelpText('after', examplesText(['arbdata source import ./export', 'arbdata source check']));
  register<{ encoding: CsvEncoding; asOf?: string }>(
    source
      .command('import <dir>')
      .description(
        'load arb_org.csv, arb_case.csv, arb_party.csv, arb_claim.csv, arb_mediation.csv, pre_application.csv: all or nothing',
      )
      .addOption(
        new Option('--encoding <name>', 'encoding of the files').choices(CSV_ENCODINGS).default('utf-8'),
      )
      .option('--as-of <date>', 'the day whose state the files show (YYYY-MM-DD); absent: today at each run'),
    importFiles,
    ['arbdata source import ./export', 'arbdata source import ./export --encoding gb18030'],
  );
  register(
    source.command('check').description('hold every view against the contract; rows and ranges of dates'),
    check,
    ['arbdata source check'],
  );
}

async function importFiles(
  service: Service,
  options: { encoding: CsvEncoding; asOf?: string },
  [dir = '']: readonly string[],
): Promise<CommandResult> {
  const asOf = options.asOf === undefined ? undefined : readDate(options.asOf, '--as-of');
  const files = await importSource(service, { dir, encoding: options.encoding, asOf });
  return {
    json: { files },
    lines: [
      ...tableLines(
        [
          { title: 'view', value: ({ view }: (typeof files)[number]) => view },
          { title: 'rows', align: 'right', value: ({ rows }) => String(rows) },
          { title: 'file', value: ({ file }) => file },
        ],
        files,
      ),
      'Next: npx arbdata run monthly --period YYYY-MM',
    ],
  };
}

async function check(service: Service): Promise<CommandResult> {
  const found = await checkSource(service);
  const errors = found.problems.filter(({ severity }) => severity === 'error').length;
  const lines = [
    `${found.kind} source${found.asOf === null ? '' : `, as of ${found.asOf}`}`,
    // What was seen of a database is what its DBA is asked about.
    ...(found.kind === 'embedded'
      ? []
      : Object.entries(found.details).map(([name, value]) => `  ${name}: ${value}`)),
    ...problemLines(found.problems),
    ...(found.views.length === 0
      ? []
      : tableLines(
          [
            { title: 'view', value: ({ view }: (typeof found.views)[number]) => view },
            { title: 'rows', align: 'right', value: ({ rows }) => String(rows) },
            {
              title: 'dates',
              value: ({ dates }) =>
                dates.map(({ column, first, last }) => `${column} ${first ?? '—'}…${last ?? '—'}`).join('  '),
            },
          ],
          found.views,
        )),
    summary(errors, found.problems.length - errors),
  ];
  return {
    json: { ...found },
    lines,
    exit: errors === 0 ? EXIT.done : EXIT.sourceUnreachable,
  };
}

/** Each problem with what a database administrator runs to mend it; one statement may mend several. */
function problemLines(problems: SourceCheck['problems']): string[] {
  const shown = new Set<string>();
  return problems.flatMap((problem) => {
    const place = problemPlace(problem);
    const kind = problem.severity === 'error' ? 'problem' : 'warning';
    // What one database was told mends nothing in another.
    const mark = (statement: string) => `${problem.connection ?? ''} ${statement}`;
    const statements = problem.statements.filter((statement) => !shown.has(mark(statement)));
    for (const statement of statements) shown.add(mark(statement));
    return [
      `${kind}: ${place === '' ? '' : `${place}: `}${problem.message}`,
      ...statements.map((statement) => `    ${statement};`),
    ];
  });
}

function summary(errors: number, warnings: number): string {
  const warned = warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`;
  if (errors === 0) return `The source fulfils the contract${warned}.`;
  return `${counted(errors, 'problem')}${warned}.`;
}
