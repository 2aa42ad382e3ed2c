/**
 * The catalogue of backups: what must be there, whatever the disks say. A backup, a copy and a removal are intents
 * before anything happens on a disk and facts after it; what a crash leaves between is settled by the next command.
 */
import { sql } from 'kysely';
import type { BackupInfo, BackupKind } from '../../schemas/backup.ts';
import { appendAudit } from './audit.ts';
import type { Clock } from './clock.ts';
import { ArbdataError } from './errors.ts';
import type { PublicationKey } from './ledger-publications.ts';
import { jsonText } from './ledger-runs.ts';
import type {
  BackupCheckTable,
  BackupCopyTable,
  BackupState,
  BackupTable,
  LedgerDb,
} from './ledger-tables.ts';
import { isHolderAlive } from './lock.ts';

/** The place of a backup inside of the home. */
export const HOME_PLACE = 'home';

export interface BackupSeal {
  readonly fileCount: number;
  readonly sizeBytes: number;
  readonly tagmanifestSha256: string;
  readonly tagmanifestSm3: string;
}

export interface NewBackup {
  readonly id: string;
  readonly kind: BackupKind;
  readonly runId: string;
  readonly createdAt: string;
  readonly isEncrypted: boolean;
  /** The folder that the bag will have. */
  readonly path: string;
}

export type BackupCopy = Readonly<BackupCopyTable>;
export type BackupCheck = Readonly<Omit<BackupCheckTable, 'id' | 'isGood' | 'detail'>> & {
  readonly isGood: boolean;
  readonly detail: unknown;
};

export interface Backup extends Readonly<Omit<BackupTable, 'info' | 'isEncrypted'>> {
  readonly info: BackupInfo;
  readonly isEncrypted: boolean;
  readonly copies: readonly BackupCopy[];
  /** The latest first. */
  readonly checks: readonly BackupCheck[];
}

/** An intent, and whether a living process stands behind it: then it is not for others to settle. */
export type OpenBackup =
  | { readonly what: 'creating'; readonly backup: Backup; readonly isAlive: boolean }
  | { readonly what: 'removing'; readonly backup: Backup; readonly isAlive: boolean }
  | {
      readonly what: 'copying';
      readonly backup: Backup;
      readonly copy: BackupCopy;
      readonly isAlive: boolean;
    };

interface Write {
  readonly db: LedgerDb;
  readonly at: string;
}

/** How the ledger writes: every method is one transaction; an audited one brings the audit head up to date. */
export interface LedgerAccess {
  readonly db: LedgerDb;
  readonly clock: Clock;
  write<T>(act: (write: Write) => Promise<T>): Promise<T>;
  auditedWrite<T>(act: (write: Write) => Promise<T>): Promise<T>;
}

export class BackupCatalogue {
  readonly #ledger: LedgerAccess;

  /** Use `Ledger.backups`. */
  constructor(ledger: LedgerAccess) {
    this.#ledger = ledger;
  }

  /** Enter a backup before its folder gets its name. */
  async intend(wanted: NewBackup): Promise<void> {
    const { id, kind, runId, createdAt, isEncrypted, path } = wanted;
    await this.#ledger.write(async ({ db }) => {
      await db
        .insertInto('backup')
        .values({
          id,
          kind,
          state: 'creating',
          runId,
          createdAt,
          info: '{}',
          isEncrypted: Number(isEncrypted),
        })
        .execute();
      await db
        .insertInto('backupCopy')
        .values({ backupId: id, destination: HOME_PLACE, path, state: 'copying', runId })
        .execute();
    });
  }

  /** The bag stands under its name. Doing it again changes nothing. */
  async complete(
    id: string,
    done: BackupSeal & { readonly info: BackupInfo; readonly actor: string; readonly completedBy?: string },
  ): Promise<void> {
    const { info, actor, completedBy, ...seal } = done;
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      const found = await requireState(db, id, ['creating', 'complete']);
      if (found.state === 'complete') return;
      await db
        .updateTable('backup')
        .set({ state: 'complete', info: jsonText(info) ?? '{}', ...seal })
        .where('id', '=', id)
        .execute();
      await db
        .updateTable('backupCopy')
        .set({ state: 'complete', copiedAt: at })
        .where('backupId', '=', id)
        .where('destination', '=', HOME_PLACE)
        .execute();
      const detail = { kind: found.kind, run: found.runId, ...seal, completedBy };
      await appendAudit(db, at, { actor, action: 'backup.create', subject: id, detail });
    });
  }

  /** Forget a backup whose folder never got its name. */
  async drop(id: string): Promise<void> {
    await this.#ledger.write(async ({ db }) => {
      const found = await db.selectFrom('backup').select('state').where('id', '=', id).executeTakeFirst();
      if (found?.state !== 'creating') return;
      await db.deleteFrom('backupCopy').where('backupId', '=', id).execute();
      await db.deleteFrom('backup').where('id', '=', id).execute();
    });
  }

  /** Enter a bag that was found on a disk: after the ledger was lost, or of another home. */
  async enter(
    found: NewBackup &
      BackupSeal & { readonly info: BackupInfo; readonly destination: string; readonly actor: string },
  ): Promise<void> {
    const { id, kind, runId, createdAt, isEncrypted, path, info, destination, actor } = found;
    const { fileCount, sizeBytes, tagmanifestSha256, tagmanifestSm3 } = found;
    const seal = { fileCount, sizeBytes, tagmanifestSha256, tagmanifestSm3 };
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      const known = await db.selectFrom('backup').select('id').where('id', '=', id).executeTakeFirst();
      if (known === undefined) {
        const row = {
          id,
          kind,
          state: 'complete' as const,
          runId,
          createdAt,
          isEncrypted: Number(isEncrypted),
        };
        await db
          .insertInto('backup')
          .values({ ...row, ...seal, info: jsonText(info) ?? '{}' })
          .execute();
      }
      await db
        .insertInto('backupCopy')
        .values({ backupId: id, destination, path, state: 'complete', runId, copiedAt: at })
        .onConflict((conflict) =>
          conflict
            .columns(['backupId', 'destination'])
            .doUpdateSet({ path, state: 'complete', copiedAt: at }),
        )
        .execute();
      const detail = { destination, ...seal };
      await appendAudit(db, at, { actor, action: 'backup.enter', subject: id, detail });
    });
  }

  async intendCopy(id: string, destination: string, place: { path: string; runId: string }): Promise<void> {
    await this.#ledger.write(async ({ db }) => {
      await requireState(db, id, ['complete']);
      const row = { backupId: id, destination, ...place, state: 'copying' as const };
      await db
        .insertInto('backupCopy')
        .values(row)
        .onConflict((conflict) =>
          conflict
            .columns(['backupId', 'destination'])
            .doUpdateSet({ ...place, state: 'copying', copiedAt: null }),
        )
        .execute();
    });
  }

  /** The copy was read back, compared, and stands under its name. */
  async completeCopy(id: string, destination: string, actor: string): Promise<void> {
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      const done = await db
        .updateTable('backupCopy')
        .set({ state: 'complete', copiedAt: at })
        .where('backupId', '=', id)
        .where('destination', '=', destination)
        .where('state', '=', 'copying')
        .executeTakeFirstOrThrow();
      if (done.numUpdatedRows === 0n) return;
      await appendAudit(db, at, { actor, action: 'backup.copy', subject: id, detail: { destination } });
    });
  }

  async dropCopy(id: string, destination: string): Promise<void> {
    await this.#ledger.write(async ({ db }) => {
      await db
        .deleteFrom('backupCopy')
        .where('backupId', '=', id)
        .where('destination', '=', destination)
        .where('state', '=', 'copying')
        .execute();
    });
  }

  /** From here on its folders go; the run is the one that removes it. */
  async intendRemoval(
    id: string,
    removal: { readonly runId: string; readonly reason: string },
  ): Promise<void> {
    await this.#ledger.write(async ({ db }) => {
      await requireState(db, id, ['complete', 'removing']);
      await db
        .updateTable('backup')
        .set({ state: 'removing', ...removal })
        .where('id', '=', id)
        .execute();
    });
  }

  /** All folders of it are gone; the row stays for good. */
  async completeRemoval(id: string, actor: string): Promise<void> {
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      const { kind, reason } = await requireState(db, id, ['removing']);
      const copies = await db.selectFrom('backupCopy').selectAll().where('backupId', '=', id).execute();
      await db.deleteFrom('backupCopy').where('backupId', '=', id).execute();
      await db.updateTable('backup').set({ state: 'removed', removedAt: at }).where('id', '=', id).execute();
      const detail = { kind, reason, places: copies.map(({ destination }) => destination) };
      await appendAudit(db, at, { actor, action: 'backup.remove', subject: id, detail });
    });
  }

  /** Keep what a look at a copy came to. */
  async addCheck(check: Omit<BackupCheck, 'checkedAt'>): Promise<void> {
    await this.#ledger.write(async ({ db, at }) => {
      const { isGood, detail, ...rest } = check;
      const row = { ...rest, checkedAt: at, isGood: Number(isGood), detail: jsonText(detail) ?? '{}' };
      await db.insertInto('backupCheck').values(row).execute();
    });
  }

  /** All backups, the latest first; removed ones too. */
  async list(): Promise<Backup[]> {
    return readBackups(this.#ledger.db);
  }

  /** Intents that are not settled. */
  async open(): Promise<OpenBackup[]> {
    const { db, clock } = this.#ledger;
    const locks = await db.selectFrom('lock').selectAll().execute();
    const isAlive = (runId: string) =>
      locks.some((lock) => lock.runId === runId && isHolderAlive(lock, clock));
    return (await readBackups(db)).flatMap((backup): OpenBackup[] => {
      const { state, runId } = backup;
      if (state === 'creating' || state === 'removing')
        return [{ what: state, backup, isAlive: isAlive(runId) }];
      return backup.copies
        .filter((copy) => copy.state === 'copying')
        .map((copy) => ({ what: 'copying', backup, copy, isAlive: isAlive(copy.runId) }));
    });
  }

  /** Keep what a purge destroyed, in the transaction that records it. */
  async addPurge(
    purgeId: string,
    done: {
      readonly subjects: readonly string[];
      /** Publications whose folders went: none of them is in force any more. */
      readonly publications: readonly PublicationKey[];
      readonly actor: string;
      readonly detail: unknown;
    },
  ): Promise<void> {
    await this.#ledger.auditedWrite(async ({ db, at }) => {
      for (const { product, period, revision } of done.publications) {
        await db
          .updateTable('publication')
          .set({ state: 'superseded' })
          .where('product', '=', product)
          .where('period', '=', period)
          .where('revision', '=', revision)
          .execute();
      }
      for (const subject of done.subjects) {
        await db
          .insertInto('purged')
          .values({ subject, purgeId, purgedAt: at })
          .onConflict((conflict) => conflict.column('subject').doNothing())
          .execute();
      }
      await appendAudit(db, at, {
        actor: done.actor,
        action: 'backup.purge',
        subject: purgeId,
        detail: done.detail,
      });
    });
  }

  /** What was destroyed by purges: items as their records name them, and `publication/<product>/<period>/r<n>`. */
  async purged(): Promise<Set<string>> {
    const rows = await this.#ledger.db.selectFrom('purged').select('subject').execute();
    return new Set(rows.map(({ subject }) => subject));
  }
}

async function readBackups(db: LedgerDb): Promise<Backup[]> {
  const backups = await db
    .selectFrom('backup')
    .selectAll()
    .orderBy('createdAt', 'desc')
    // Of several in one millisecond the one that was entered last.
    .orderBy(sql`rowid`, 'desc')
    .execute();
  const copies = await db.selectFrom('backupCopy').selectAll().orderBy('destination').execute();
  const checks = await db.selectFrom('backupCheck').selectAll().orderBy('id', 'desc').execute();
  const copiesOf = Map.groupBy(copies, ({ backupId }) => backupId);
  const checksOf = Map.groupBy(checks, ({ backupId }) => backupId);
  return backups.map(({ info, isEncrypted, ...row }) => ({
    ...row,
    info: JSON.parse(info) as BackupInfo,
    isEncrypted: isEncrypted === 1,
    copies: (copiesOf.get(row.id) ?? []).toSorted(byPlace),
    checks: (checksOf.get(row.id) ?? []).map(({ id: _, isGood, detail, ...check }) => ({
      ...check,
      isGood: isGood === 1,
      detail: JSON.parse(detail) as unknown,
    })),
  }));
}

/** The home first, then by name. */
const byPlace = (a: BackupCopyTable, b: BackupCopyTable): number =>
  Number(b.destination === HOME_PLACE) - Number(a.destination === HOME_PLACE) ||
  (a.destination < b.destination ? -1 : 1);

async function requireState(
  db: LedgerDb,
  id: string,
  states: readonly BackupState[],
): Promise<Pick<BackupTable, 'kind' | 'state' | 'runId' | 'reason'>> {
  const found = await db
    .selectFrom('backup')
    .select(['kind', 'state', 'runId', 'reason'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (found !== undefined && states.includes(found.state)) return found;
  throw new ArbdataError(
    'E_NOT_FOUND',
    `there is no backup ${id}${found === undefined ? '' : `: it is ${found.state}`}`,
    {
      advice: 'See `arbdata backup list`.',
    },
  );
}
