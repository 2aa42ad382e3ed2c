/** Is this home in order? Every answer says what to do. */
import { stat, statfs } from 'node:fs/promises';
import { alertChannels } from './alerts.ts';
import { backupHealth } from './backup-health.ts';
import { productsWithoutLayout } from './batches.ts';
import { NATIONAL_PLATFORM } from './national-platform.ts';
import { requirePlatform } from './platform-terms.ts';
import { keptPublications } from './purged.ts';
import { damagedReceipts } from './receipts.ts';
import { recover } from './recovery.ts';
import { shanghaiDate } from './runtime/clock.ts';
import { loadSchedules } from './runtime/definitions.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Service } from './runtime/service.ts';
import { counted } from './runtime/words.ts';
import { snapshots } from './snapshots.ts';
import { checkSource, problemPlace } from './source.ts';
import { verifyFolder } from './steps/publish/folder.ts';
import { publicationDir } from './steps/publish/publication.ts';
import { configuredChannels } from './submit.ts';

export interface Diagnosis {
  readonly name: string;
  readonly state: 'ok' | 'attention' | 'problem';
  readonly message: string;
  readonly advice: string;
}

const LOW_DISK_BYTES = 2n * 1024n ** 3n;

/** Examine the home from disk to audit record; also settles what interrupted runs left behind. */
export async function doctor(service: Service): Promise<Diagnosis[]> {
  return [
    ...(await Promise.all([diskSpace(service), homeMode(service), audit(service), source(service)])),
    ...definitions(service),
    ...channels(service),
    ...(await platforms(service)),
    ...(await schedules(service)),
    ...(await interrupted(service)),
    ...(await snapshotStates(service)),
    ...(await publications(service)),
    ...(await receipts(service)),
    ...(await backups(service)),
  ];
}

const ok = (name: string, message: string): Diagnosis => ({ name, state: 'ok', message, advice: '' });
const attention = (name: string, message: string, advice: string): Diagnosis => ({
  name,
  state: 'attention',
  message,
  advice,
});
const problem = (name: string, message: string, advice: string): Diagnosis => ({
  name,
  state: 'problem',
  message,
  advice,
});

async function diskSpace({ home }: Service): Promise<Diagnosis> {
  const { bavail, bsize } = await statfs(home.dir, { bigint: true });
  const free = bavail * bsize;
  const text = `${(free / 1024n ** 2n).toString()} MiB free under ${home.dir}`;
  return free < LOW_DISK_BYTES
    ? attention('disk', text, 'Free disk space: a run of a large source needs several times its size.')
    : ok('disk', text);
}

async function homeMode({ home }: Service): Promise<Diagnosis> {
  const mode = (await stat(home.dir)).mode & 0o777;
  return (mode & 0o077) === 0
    ? ok('home', `${home.dir} is open to its owner alone`)
    : attention('home', `${home.dir} has mode ${mode.toString(8)}`, `Run: chmod 700 ${home.dir}`);
}

async function audit({ ledger }: Service): Promise<Diagnosis> {
  const verdict = await ledger.verifyAudit();
  return verdict.ok
    ? ok('audit', `${counted(verdict.records, 'record')}, the chain is whole`)
    : problem(
        'audit',
        `record ${verdict.firstBroken ?? '?'}: ${verdict.problem ?? 'altered'}`,
        'Keep the ledger as evidence and restore it from a backup.',
      );
}

async function source(service: Service): Promise<Diagnosis> {
  try {
    const check = await checkSource(service);
    const errors = check.problems.filter(({ severity }) => severity === 'error');
    const [first] = errors;
    if (first !== undefined) {
      return problem(
        'source',
        `${counted(errors.length, 'problem')}, the first: ${[problemPlace(first), first.message].join(' ').trim()}`,
        'Run `arbdata source check`.',
      );
    }
    const rows = check.views.reduce((sum, view) => sum + view.rows, 0);
    const text = `${check.kind}, ${counted(rows, 'row')}${check.asOf === null ? '' : `, as of ${check.asOf}`}`;
    const warnings = check.problems.length;
    return warnings === 0
      ? ok('source', text)
      : attention('source', `${text}; ${counted(warnings, 'warning')}`, 'Run `arbdata source check`.');
  } catch (error) {
    if (!(error instanceof ArbdataError)) throw error;
    const state = error.code === 'E_SOURCE_MISSING' ? attention : problem;
    return state('source', error.message, error.advice);
  }
}

function definitions({ definitions: all, clock }: Service): Diagnosis[] {
  const today = shanghaiDate(clock);
  const missing = unknownYears(all.workingDays.years, today);
  const own = all.overridden.length === 0 ? 'as shipped' : `of this home: ${all.overridden.join(', ')}`;
  return [
    ok('definitions', `${own}; SHA-256 ${all.sha256.slice(0, 12)}…`),
    missing.length === 0
      ? ok('working days', `the arrangement of ${today.slice(0, 4)} and of every year before it is known`)
      : attention(
          'working days',
          `the arrangement of ${missing.join(', ')} is not known: its days are provisional`,
          'Add the year to working-days.json in the home folder definitions/ once the State Council has announced it.',
        ),
  ];
}

/** Years from the first that is listed to this one (in December also the next) that are not. */
function unknownYears(listed: Readonly<Record<string, unknown>>, today: string): string[] {
  const thisYear = Number(today.slice(0, 4));
  const last = today.slice(5) >= '12-01' ? thisYear + 1 : thisYear;
  const first = Math.min(thisYear, ...Object.keys(listed).map(Number));
  const years = Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
  return years.filter((year) => listed[year] === undefined);
}

/** Whether config.json and the batches agree with the layouts; nothing is said where they do. */
async function platforms(service: Service): Promise<Diagnosis[]> {
  const orphans = (await productsWithoutLayout(service)).map((product) =>
    problem(
      'platforms',
      `batches of ${product} were built, and its layout is no longer there: they are not listed, and no receipt to them can be read`,
      "Put its layout back into the home's definitions/platforms/.",
    ),
  );
  try {
    requirePlatform(service, NATIONAL_PLATFORM);
    return orphans;
  } catch (error) {
    if (!(error instanceof ArbdataError)) throw error;
    return [problem('platforms', error.message, error.advice), ...orphans];
  }
}

/** Files, modes and secrets of every channel; whether it can be reached is for `submit --check`. */
function channels(service: Service): Diagnosis[] {
  return configuredChannels(service).map(({ name, target, problem: wrong }) =>
    wrong === undefined
      ? ok('channels', `${name}: ${target}; \`arbdata submit --check --channel ${name}\` tries it`)
      : problem('channels', wrong.message, wrong.advice),
  );
}

/** Whether schedules and channels of alerts can be read, whether a service runs them, and what stands. */
async function schedules(service: Service): Promise<Diagnosis[]> {
  const { home, ledger } = service;
  try {
    const jobs = loadSchedules(home.definitions).schedules.filter(({ enabled }) => enabled);
    const told = alertChannels(service).length;
    const running = await ledger.service.living();
    const standing = await ledger.alerts.standing();
    const text = `${counted(jobs.length, 'job')}, ${running === undefined ? 'no service runs' : `the service is process ${running.pid}`}; ${counted(told, 'channel')} of alerts`;
    return [
      ok('schedules', text),
      ...standing.map(({ message }) => attention('alerts', message, 'See `arbdata schedule list`.')),
    ];
  } catch (error) {
    if (!(error instanceof ArbdataError)) throw error;
    return [problem('schedules', error.message, error.advice)];
  }
}

async function interrupted(service: Service): Promise<Diagnosis[]> {
  const settled = await recover(service);
  return settled.length === 0
    ? [ok('runs', 'nothing was left unfinished')]
    : settled.map((sentence) => attention('runs', sentence, 'Nothing to do: it was settled just now.'));
}

async function snapshotStates(service: Service): Promise<Diagnosis[]> {
  const all = await snapshots(service);
  const damaged = all.filter((one) => 'problem' in one && one.problem !== undefined);
  return damaged.length === 0
    ? [ok('snapshots', `${all.length}, their manifests are readable (arbdata snapshot verify rehashes them)`)]
    : damaged.map((one) =>
        problem(
          'snapshots',
          one.problem ?? `${one.id} is damaged`,
          'Run `arbdata snapshot verify` and restore it from a backup.',
        ),
      );
}

/** Whether every backup is where it must be, and what is missing to be safe. */
async function backups(service: Service): Promise<Diagnosis[]> {
  const { problems, wants, summary } = await backupHealth(service);
  const found = [
    ...problems.map((text) =>
      problem(
        'backups',
        text,
        '`arbdata backup copy` makes gone copies anew from whole ones, `arbdata backup rebuild-catalogue` enters bags that the catalogue does not know; an altered or damaged bag (`arbdata backup verify` names each fault) is moved away first.',
      ),
    ),
    ...wants.map(({ message, advice }) => attention('backups', message, advice)),
  ];
  return found.length > 0 ? found : [ok('backups', summary)];
}

/** Every byte of every publication. */
async function publications(service: Service): Promise<Diagnosis[]> {
  const { home } = service;
  const all = await keptPublications(service);
  const problems: Diagnosis[] = [];
  for (const publication of all) {
    const found = await verifyFolder(
      publicationDir(home, publication),
      publication.manifestSha256 ?? undefined,
    );
    problems.push(
      ...found.map((text) => problem('publications', text, 'Restore the published folder from a backup.')),
    );
  }
  return problems.length > 0
    ? problems
    : [
        ok(
          'publications',
          `${counted(all.length, 'revision')} under ${home.published}, every byte as published`,
        ),
      ];
}

/** Every byte of every receipt; nothing is said where there is none. */
async function receipts(service: Service): Promise<Diagnosis[]> {
  const all = await service.ledger.receipts();
  if (all.length === 0) return [];
  const damaged = await damagedReceipts(service);
  return damaged.length === 0
    ? [ok('receipts', `${all.length}, every byte as read`)]
    : damaged.map((text) => problem('receipts', text, 'Restore its folder from a backup.'));
}
