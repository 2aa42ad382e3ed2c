/** backup: make, look at, copy, restore and prove backups. */
import { type Command, Option } from 'commander';
import { BACKUP_KINDS, type BackupKind, copyBackups, createBackups } from '../../pipelines/backup.ts';
import { type Drill, drill, recreate } from '../../pipelines/backup-drill.ts';
import { exportDump } from '../../pipelines/backup-dumps.ts';
import {
  type ListedBackup,
  listBackups,
  type VerifiedPlace,
  verifyBackups,
  verifyFolderAsBag,
} from '../../pipelines/backup-look.ts';
import { restoreBackups } from '../../pipelines/backup-restore.ts';
import { ArbdataError, EXIT } from '../../pipelines/runtime/errors.ts';
import { readPeriod } from '../../pipelines/runtime/period.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { shellWord } from '../context.ts';
import { examplesText, type Register } from '../register.ts';
import type { CommandResult } from '../result.ts';
import { tableLines } from '../table.ts';
import { registerDumps, registerRemoval } from './backup-keep.ts';
import { failedJson, failedLine, megabytes } from './backup-lines.ts';

export function registerBackup(program: Command, register: Register): void {
  const backup = program
    .command('backup')
    .description(
      'backups as BagIt bags: make, copy, verify, restore, and prove that they reproduce what was published',
    )
    .addHelpText(
      'after',
      examplesText([
        'arbdata backup create',
        'arbdata backup list',
        'arbdata backup verify',
        'arbdata backup drill',
      ]),
    );
  registerMake(backup, register);
  registerLook(backup, register);
  registerRestore(backup, register);
  registerRemoval(backup, register);
  registerDumps(backup, register);
}

const place = () =>
  ['--from <destination>', 'take the bags from this destination (absent: the first that has them)'] as const;
const identity = () =>
  ['--identity <file>', 'file of the private key (mode 0600), where a bag is encrypted'] as const;

interface CreateOptions {
  kind?: readonly Exclude<BackupKind, 'evidence'>[];
  snapshot?: string;
  copy: boolean;
}

function registerMake(backup: Command, register: Register): void {
  register<CreateOptions>(
    backup
      .command('create')
      .description(
        'back up snapshots, what was published, and the run ledger; then copy to every destination',
      )
      .addOption(
        new Option(
          '--kind <kind...>',
          'which kinds (absent: snapshot, outputs and state); dump starts an export by the database, to be adopted later',
        ).choices(['snapshot', 'outputs', 'state', 'dump']),
      )
      .option(
        '--snapshot <id>',
        'this snapshot (absent: those that must stay and have no backup, and the latest)',
      )
      .option('--no-copy', 'only into the home; `backup copy` makes the copies later'),
    create,
    [
      'arbdata backup create',
      'arbdata backup create --kind state',
      'arbdata backup create --snapshot 20261103-060000-1a2b',
    ],
  );
  register<{ to?: string }>(
    backup
      .command('copy [ids...]')
      .description('make the copies that are missing; each is read back and compared before it counts')
      .option('--to <destination>', 'only to this destination'),
    async (service, { to }, ids) => {
      const done = await copyBackups(service, { ...(ids.length === 0 ? {} : { ids }), destination: to });
      const lines = done.copied.map(
        ({ id, destination }) => `copied ${id} to ${destination}, read back and compared`,
      );
      return {
        json: { run: done.runId, copied: done.copied, failed: done.failed.map(failedJson) },
        lines: [...(lines.length === 0 ? ['nothing was copied'] : lines), ...done.failed.map(failedLine)],
        exit: done.failed.length === 0 ? EXIT.done : EXIT.fault,
      };
    },
    ['arbdata backup copy', 'arbdata backup copy B20261103-060000-1a2b --to nas'],
  );
  register<{ recreate?: boolean; to?: string; identity?: string; copy: boolean }>(
    backup
      .command('evidence <period-or-bag>')
      .description(
        'bag everything behind what was published for a period; with --recreate, make its files again from such a bag alone',
      )
      .option('--recreate', 'make workbook and data files again from the bag (its id or folder)')
      .option('--to <dir>', 'with --recreate: a folder that does not exist yet')
      .option(...identity())
      .option('--no-copy', 'only into the home'),
    evidence,
    [
      'arbdata backup evidence 2026-10',
      'arbdata backup evidence --recreate /mnt/nas/B20261103-060000-1a2b --to ./again',
    ],
  );
}

async function create(
  service: Service,
  { kind = ['snapshot', 'outputs', 'state'], snapshot, copy }: CreateOptions,
): Promise<CommandResult> {
  if (snapshot !== undefined && !kind.includes('snapshot')) {
    throw new ArbdataError('E_USAGE', `--snapshot does not go with --kind ${kind.join(' ')}`, {
      advice: 'Leave out --kind, or name the kind snapshot.',
    });
  }
  const fromHome = kind.filter((one) => one !== 'dump');
  const kinds = snapshot === undefined ? fromHome : fromHome.filter((one) => one === 'snapshot');
  const made = await createBackups(service, { kinds, snapshotId: snapshot, isCopied: copy });
  const result = madeResult(made);
  if (!kind.includes('dump')) return result;
  const exported = await exportDump(service, process.env);
  return {
    ...result,
    json: { ...result.json, exported },
    lines: [
      ...(made.backups.length === 0 ? [] : result.lines),
      `export ${exported.jobName} has ended: ${exported.dumpFiles} and ${exported.logFile} in ${exported.directory} on the database server`,
      'Next: look at its log, bring the files to the drop folder, then: arbdata backup adopt',
    ],
  };
}

async function evidence(
  service: Service,
  options: { recreate?: boolean; to?: string; identity?: string; copy: boolean },
  [what = '']: readonly string[],
): Promise<CommandResult> {
  if (options.recreate !== true) {
    const period = readPeriod(what).text;
    return madeResult(await createBackups(service, { kinds: ['evidence'], period, isCopied: options.copy }));
  }
  if (options.to === undefined) {
    throw new ArbdataError('E_USAGE', '--recreate needs --to', {
      advice: 'Name a folder that does not exist with --to.',
    });
  }
  const { to, runId, ...done } = await recreate(service, {
    bag: what,
    to: options.to,
    identityFile: options.identity,
  });
  return {
    json: { run: runId, to, ...done },
    lines: [`made again in ${to}:`, ...drillLines(done)],
    exit: done.isIdentical ? EXIT.done : EXIT.fault,
  };
}

function madeResult(made: Awaited<ReturnType<typeof createBackups>>): CommandResult {
  const { backups, failed, runId } = made;
  return {
    json: { run: runId, backups, failed: failed.map(failedJson) },
    lines: [
      ...(backups.length === 0
        ? ['nothing to back up']
        : backupLines(backups.map((one) => ({ ...one, places: [], verified: null, drilled: null })))),
      ...failed.map(failedLine),
    ],
    exit: failed.length === 0 ? EXIT.done : EXIT.fault,
  };
}

function registerLook(backup: Command, register: Register): void {
  register<{ kind?: BackupKind; all?: boolean }>(
    backup
      .command('list')
      .description(
        'every backup that must be there and where it lies; one that has vanished is a problem (exit 1)',
      )
      .addOption(new Option('--kind <kind>', 'only this kind').choices(BACKUP_KINDS))
      .option('--all', 'removed ones too'),
    async (service, { kind, all }) => {
      const { backups, problems } = await listBackups(service, { isWhole: all === true });
      const shown = kind === undefined ? backups : backups.filter((one) => one.kind === kind);
      return {
        json: { backups: shown, problems },
        lines: [
          ...(shown.length === 0
            ? ['There are no backups yet. Make them with: arbdata backup create']
            : backupLines(shown)),
          ...(problems.length === 0 ? [] : ['', ...problems.map((text) => `PROBLEM  ${text}`)]),
        ],
        exit: problems.length === 0 ? EXIT.done : EXIT.fault,
      };
    },
    ['arbdata backup list', 'arbdata backup list --kind state --json'],
    { home: true },
  );
  register(
    backup.command('show <id>').description('what a backup holds, where it lies, and every look at it'),
    async (service, _options, [id = '']) => {
      const { backups } = await listBackups(service, { isWhole: true });
      const found = backups.find((one) => one.id === id);
      if (found === undefined) {
        throw new ArbdataError('E_NOT_FOUND', `there is no backup ${id}`, {
          advice: 'See `arbdata backup list`.',
        });
      }
      return { json: { backup: found }, lines: showLines(found) };
    },
    ['arbdata backup show B20261103-060000-1a2b'],
  );
  register<{ quick?: boolean; from?: string }>(
    backup
      .command('verify [backups...]')
      .description(
        'every byte of every copy, or of those named by id or folder; each fault names its file (exit 1)',
      )
      .option('--quick', 'presence and sizes only')
      .option('--from <destination>', 'only the copies at this destination'),
    async (service, { quick, from }, named) => {
      const depth = quick === true ? 'quick' : 'full';
      const folders = named.filter((one) => /[/\\]/.test(one));
      const ids = named.filter((one) => !folders.includes(one));
      const results: VerifiedPlace[] = [];
      for (const dir of folders) results.push(await verifyFolderAsBag(service, dir, depth));
      if (folders.length === 0 || ids.length > 0) {
        const request = { depth, destination: from } as const;
        results.push(...(await verifyBackups(service, ids.length === 0 ? request : { ...request, ids })));
      }
      const bad = results.filter(({ isGood }) => !isGood);
      return {
        json: { depth, verified: results },
        lines: results.length === 0 ? ['there are no backups'] : results.flatMap(verifiedLines),
        exit: bad.length === 0 ? EXIT.done : EXIT.fault,
      };
    },
    [
      'arbdata backup verify',
      'arbdata backup verify B20261103-060000-1a2b --quick',
      'arbdata backup verify /mnt/nas/B20261103-060000-1a2b',
    ],
    { home: true },
  );
}

function verifiedLines({ id, destination, dir, isGood, faults }: VerifiedPlace): string[] {
  const where = destination === '' ? dir : `${id} at ${destination}`;
  return isGood
    ? [`ok       ${where}`]
    : [`PROBLEM  ${where}`, ...faults.map(({ message }) => `           ${message}`)];
}

function backupLines(backups: readonly ListedBackup[]): string[] {
  const outcome = (look: ListedBackup['verified']) =>
    look === null ? 'never' : `${look.at.slice(0, 10)}${look.isGood ? '' : ' FAILED'}`;
  return tableLines<ListedBackup>(
    [
      { title: 'backup', value: ({ id }) => id },
      { title: 'kind', value: ({ kind }) => kind },
      { title: 'of', value: ({ info }) => info.period ?? info.snapshots?.[0] ?? '' },
      { title: 'MB', align: 'right', value: ({ sizeBytes }) => megabytes(sizeBytes) },
      { title: 'encrypted', value: ({ isEncrypted }) => (isEncrypted ? 'yes' : 'no') },
      { title: 'at', value: (one) => placesText(one) },
      { title: 'verified', value: ({ verified }) => outcome(verified) },
      { title: 'drilled', value: ({ drilled }) => outcome(drilled) },
    ],
    backups,
  );
}

function placesText({ state, copies, places }: ListedBackup): string {
  if (state === 'removed') return 'removed';
  const states = new Map(places.map((one) => [one.destination, one.state]));
  return copies
    .map(({ destination }) => {
      const found = states.get(destination) ?? 'present';
      return found === 'present' ? destination : `${destination} (${found.toUpperCase()})`;
    })
    .join(', ');
}

function showLines(one: ListedBackup): string[] {
  const { info } = one;
  const facts: [string, string | undefined][] = [
    ['source', info.source],
    ['SCN', info.scn],
    ['as of', info.asOf],
    ['period', info.period],
    ['snapshots', info.snapshots?.join(', ')],
    ['publications', info.publications?.join(', ')],
    [
      'rows',
      info.rows === undefined
        ? undefined
        : Object.entries(info.rows)
            .map(([view, rows]) => `${view} ${rows}`)
            .join(', '),
    ],
    ['dumps', info.dumps?.map(({ path, format }) => `${path} (${format})`).join(', ')],
    ['without', info.without?.join('; ')],
    ['removed', one.removedAt === null ? undefined : `${one.removedAt.slice(0, 19)}: ${one.reason ?? ''}`],
  ];
  return [
    `backup ${one.id}: ${one.kind}, ${one.state}, made ${one.createdAt.slice(0, 19)} by run ${one.runId}`,
    `${one.fileCount ?? 0} files, ${megabytes(one.sizeBytes)} MB, ${one.isEncrypted ? 'encrypted' : 'not encrypted'}`,
    ...facts.flatMap(([label, value]) => (value === undefined || value === '' ? [] : [`${label}: ${value}`])),
    '',
    ...one.places.map(
      ({ destination, dir, state, problem }) =>
        `${destination}: ${dir} ${state}${problem === '' ? '' : ` (${problem})`}`,
    ),
    ...(one.checks.length === 0 ? ['', 'nobody has looked at it yet'] : ['', ...one.checks.map(checkLine)]),
  ];
}

function checkLine({
  kind,
  destination,
  checkedAt,
  actor,
  isGood,
  detail,
}: ListedBackup['checks'][number]): string {
  const { seconds } = detail as { seconds?: Drill['seconds'] };
  const took = seconds === undefined ? '' : `, restored and made again in ${seconds.total} s`;
  return `${checkedAt.slice(0, 19)} ${kind} at ${destination} by ${actor}: ${isGood ? 'good' : 'FAILED'}${took}`;
}

interface RestoreOptions {
  to: string;
  from?: string;
  identity?: string;
  asSource?: boolean;
}

function registerRestore(backup: Command, register: Register): void {
  register<RestoreOptions>(
    backup
      .command('restore <backups...>')
      .description(
        'verify bags (ids or folders) and restore them into one new folder; nothing is ever overwritten',
      )
      .requiredOption(
        '--to <dir>',
        'a folder that does not exist yet; several backups make a whole home of it',
      )
      .option('--as-source', 'also load the snapshot as the embedded source of that home')
      .option(...place())
      .option(...identity()),
    async (service, { to, from, identity: identityFile, asSource }, bags) => {
      const done = await restoreBackups(service, {
        bags,
        to,
        from,
        identityFile,
        asSource: asSource === true,
      });
      return {
        json: {
          run: done.runId,
          to: done.to,
          backups: done.backups,
          files: done.files,
          sizeBytes: done.sizeBytes,
        },
        lines: [
          `restored ${done.backups.join(', ')} to ${done.to}: ${done.files} files, ${megabytes(done.sizeBytes)} MB, every byte verified`,
          `Next: npx arbdata doctor --home ${shellWord(done.to)}`,
        ],
      };
    },
    [
      'arbdata backup restore B20261103-060000-1a2b --to ./restored',
      'arbdata backup restore /mnt/nas/B20261103-060000-1a2b --to /var/lib/arbdata-new --identity key.txt',
    ],
  );
  register<{ period?: string; from?: string; identity?: string }>(
    backup
      .command('drill [backup]')
      .description(
        'restore into a scratch home, run the period again with the restored definitions, compare the data files byte by byte',
      )
      .option('--period <period>', 'which period (absent: the last that was published)')
      .option(...place())
      .option(...identity()),
    async (service, options, [id]) => {
      const period = options.period === undefined ? undefined : readPeriod(options.period);
      const request = { period, backup: id, from: options.from, identityFile: options.identity };
      const { runId, ...done } = await drill(service, request);
      return {
        json: { run: runId, ...done },
        lines: drillLines(done),
        exit: done.isIdentical ? EXIT.done : EXIT.fault,
      };
    },
    ['arbdata backup drill', 'arbdata backup drill --period 2026-10 --from nas'],
  );
}

type Made = Drill['reproduced'][number];

function reproducedLine({ product, period, revision, files }: Made): string {
  const count = (wanted: Made['files'][number]['state']) =>
    files.filter(({ state }) => state === wanted).length;
  const kept = count('kept');
  const compared = files.length - kept;
  return [
    `${product} ${period} r${revision}:`,
    ...(kept === 0 ? [] : [`${kept} of ${files.length} files kept with the bytes that were published`]),
    ...(compared === 0 ? [] : [`${count('identical')} of ${compared} data files identical byte by byte`]),
  ].join(' ');
}

/** What is told of a file: the usual needs no line of its own. */
const FILE_LINES: Record<Made['files'][number]['state'], (path: string) => string[]> = {
  identical: () => [],
  kept: () => [],
  different: (path) => [`  PROBLEM  ${path} is different`],
  lacking: (path) => [`  ${path} was not compared: what it was made against is not in these backups`],
};

function drillLines(done: Drill): string[] {
  const { recoveryPoint: point, seconds } = done;
  const hours = (age: number | null): string => (age === null ? 'none' : `${(age / 3600).toFixed(1)} h old`);
  return [
    ...done.reproduced.flatMap((made) => [
      reproducedLine(made),
      ...made.files.flatMap(({ path, state }) => FILE_LINES[state](path)),
      ...made.remarks.map((text) => `  ${text}`),
    ]),
    done.isIdentical
      ? 'The backups reproduce what was published.'
      : 'PROBLEM  The backups do NOT reproduce what was published.',
    `Backups: ${done.backups.join(', ')}`,
    `RTO: ${seconds.total} s (restore ${seconds.restore} s, run ${seconds.run} s), ${megabytes(done.restoredBytes)} MB`,
    `RPO: snapshot ${hours(point.ageSeconds.snapshot)}, outputs ${hours(point.ageSeconds.outputs)}, state ${hours(point.ageSeconds.state)}; ` +
      `${point.publicationsLost.length} publications and ${point.auditRecordsLost} audit records in no backup`,
  ];
}
