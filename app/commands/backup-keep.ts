/** backup prune, purge, rebuild-catalogue and adopt: what goes, what comes back into the catalogue, what comes in. */
import type { Command } from 'commander';
import { adoptDumps } from '../../pipelines/backup-dumps.ts';
import { type PrunePlan, planPrune, prune } from '../../pipelines/backup-prune.ts';
import { planPurge, purge, readScope } from '../../pipelines/backup-purge.ts';
import { rebuildCatalogue } from '../../pipelines/backup-rebuild.ts';
import { EXIT } from '../../pipelines/runtime/errors.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import type { Register } from '../register.ts';
import type { CommandResult } from '../result.ts';
import { failedJson, failedLine, megabytes } from './backup-lines.ts';

export function registerRemoval(backup: Command, register: Register): void {
  register<{ apply?: string }>(
    backup
      .command('prune')
      .description('show what retention would remove; --apply with the name of that plan removes it')
      .option('--apply <plan>', 'remove exactly what this plan has shown'),
    async (service, { apply }) => {
      const done = apply === undefined ? await planPrune(service) : await prune(service, apply);
      return {
        json: { ...done, isApplied: apply !== undefined },
        lines: pruneLines(done, apply !== undefined),
      };
    },
    ['arbdata backup prune', 'arbdata backup prune --apply 3f2a9c1e'],
  );
  register<{ scope: string; apply?: string; reason?: string; returnTo?: string }>(
    backup
      .command('purge')
      .description(
        "destroy all data of a scope on the bureau's word, and keep a signed record; shows the plan without --apply",
      )
      .requiredOption('--scope <scope>', 'all, period:2026-10, snapshot:<id> or backup:<id>')
      .option('--apply <plan>', 'destroy exactly what this plan has shown')
      .option('--reason <text>', 'the letter that orders it; recorded for good')
      .option('--return-to <dir>', 'copy everything to this new folder first, read back and compared'),
    purgeScope,
    [
      'arbdata backup purge --scope period:2026-10',
      'arbdata backup purge --scope all --apply 3f2a9c1e --reason "京人社函〔2026〕12号" --return-to /mnt/handover',
    ],
  );
  register(
    backup
      .command('rebuild-catalogue')
      .description(
        'enter every bag of the home and of every destination again, when the ledger is lost or too old',
      ),
    async (service) => {
      const { runId, ...done } = await rebuildCatalogue(service);
      return {
        json: { run: runId, ...done },
        lines: [
          ...done.entered.map(({ id, destination }) => `entered ${id} at ${destination}`),
          ...done.missing.map((id) => `PROBLEM  ${id} was expected and lies nowhere that can be reached`),
          ...done.problems.map((text) => `PROBLEM  ${text}`),
          `${done.entered.length} bags, ${done.missing.length} missing`,
        ],
        exit: done.missing.length + done.problems.length === 0 ? EXIT.done : EXIT.fault,
      };
    },
    ['arbdata backup rebuild-catalogue'],
  );
}

async function purgeScope(
  service: Service,
  options: { scope: string; apply?: string; reason?: string; returnTo?: string },
): Promise<CommandResult> {
  const scope = readScope(options.scope);
  if (options.apply === undefined) {
    const planned = await planPurge(service, scope);
    return {
      json: { ...planned, isApplied: false },
      lines: [
        `A purge of ${options.scope} would destroy for good:`,
        ...planned.items.map(({ subject, path }) => `  ${subject}  ${path}`),
        ...planned.unreachable.map(
          ({ subject, path }) => `PROBLEM  ${subject} cannot be reached now: ${path}`,
        ),
        `Next: arbdata backup purge --scope ${options.scope} --apply ${planned.plan} --reason "…"`,
      ],
    };
  }
  const { runId, record, file, signature } = await purge(service, {
    scope,
    plan: options.apply,
    reason: options.reason ?? '',
    returnTo: options.returnTo,
  });
  return {
    json: { run: runId, record, file, signature, isApplied: true },
    lines: [
      `destroyed ${record.destroyed.length} items; ${record.left.length} are left`,
      `record ${file}, signed (${record.signer.algorithm}) in ${signature}`,
    ],
    exit: record.left.length === 0 ? EXIT.done : EXIT.fault,
  };
}

function pruneLines({ keep, remove, plan, sizeBytes }: PrunePlan, isApplied: boolean): string[] {
  return [
    ...keep.map(({ id, because }) => `keep    ${id}  ${because.join(', ')}`),
    ...remove.map((id) => `${isApplied ? 'removed' : 'remove '} ${id}`),
    remove.length === 0
      ? 'nothing to remove'
      : isApplied
        ? `removed ${remove.length} backups, ${megabytes(sizeBytes)} MB at each place`
        : `would remove ${remove.length} backups, ${megabytes(sizeBytes)} MB at each place: arbdata backup prune --apply ${plan}`,
  ];
}

export function registerDumps(backup: Command, register: Register): void {
  register<{ from?: string; remove?: boolean; copy: boolean }>(
    backup
      .command('adopt')
      .description(
        'take finished DMP files of the drop folder into a backup, filed by date and schema, each once',
      )
      .option('--from <dir>', 'the drop folder (absent: backup.dropFolder of config.json)')
      .option('--remove', 'then remove from the drop folder what is safe in a backup, every byte read back')
      .option('--no-copy', 'only into the home'),
    async (service, { from, remove, copy }) => {
      const done = await adoptDumps(service, { from, isRemoved: remove === true, isCopied: copy });
      return {
        json: { ...done, run: done.runId, failed: done.failed.map(failedJson) },
        lines: [
          ...done.adopted.map(
            ({ path, format, release }) =>
              `adopted   ${path}  ${format === 'unknown' ? 'header NOT recognised' : `${format} ${release ?? ''}`}`,
          ),
          ...done.duplicates.map(({ file, id }) => `duplicate ${file}: its bytes are in ${id}`),
          ...done.growing.map((file) => `waiting   ${file} is not finished`),
          ...done.removed.map((file) => `removed   ${file} from the drop folder`),
          ...(done.backups.length === 0
            ? ['nothing new to adopt']
            : done.backups.map(({ id }) => `backup ${id}`)),
          ...done.failed.map(failedLine),
        ],
        exit: done.failed.length === 0 ? EXIT.done : EXIT.fault,
      };
    },
    ['arbdata backup adopt', 'arbdata backup adopt --from /mnt/dmp --remove'],
  );
}
