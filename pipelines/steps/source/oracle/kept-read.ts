/**
 * What a read of an SCN has finished, so that a read after a lost network or a killed process goes on from there:
 * a folder with one file per piece and one state file, which names nothing that is not whole on the disk.
 *
 * The folder's name says whose it is (`oracle-read.<mark>.kept`, or `.free.kept` when its read ended with an error); who
 * takes it over renames it, and of two only one can. It holds rows of the source: it goes when a read ends well, when
 * nothing in it can be used any more, and at the latest with the first command of the next day.
 */
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, linkSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { VIEW_NAMES, type ViewName } from '../../../../schemas/contract.ts';
import { type Clock, shanghaiDate } from '../../../runtime/clock.ts';
import { systemCode } from '../../../runtime/errors.ts';
import {
  ensureDir,
  fileError,
  removeTree,
  syncDirNow,
  syncFile,
  writeFileAtomic,
} from '../../../runtime/files.ts';
import { isOwnerGone, ownedMark } from '../../../runtime/lock.ts';

const STATE_FILE = 'read.json';

const rangeSchema = z.strictObject({ from: z.string().optional(), to: z.string().optional() });

const pieceSchema = z.strictObject({
  index: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  sizeBytes: z.int().nonnegative(),
  escaped: z.array(z.int()),
  isRegular: z.boolean(),
});
/** One range of keys that was read whole. */
export type Piece = z.infer<typeof pieceSchema>;

const viewSchema = z.strictObject({
  rows: z.int().nonnegative(),
  ranges: z.array(rangeSchema),
  pieces: z.array(pieceSchema),
  /** Size of the view's Parquet file, once it stands there. */
  parquetBytes: z.int().positive().optional(),
});
/** How a view is cut, and which pieces are there. */
export type ViewState = z.infer<typeof viewSchema>;

const stateSchema = z.strictObject({
  version: z.literal(2),
  /** Hash of what is read and from where: connections, statements, size of the pieces. */
  source: z.string(),
  /** `YYYY-MM-DD`: the day on which the moment was taken. */
  takenOn: z.iso.date(),
  /** The SCN of every connection. */
  scns: z.array(z.string()),
  views: z.partialRecord(z.enum(VIEW_NAMES), viewSchema),
});
type State = z.infer<typeof stateSchema>;

export class KeptRead {
  readonly #parent: string;
  #dir: string;
  #state: State;
  #writing: Promise<void> = Promise.resolve();

  private constructor(parent: string, dir: string, state: State) {
    this.#parent = parent;
    this.#dir = dir;
    this.#state = state;
  }

  /** An empty folder for a read that begins. */
  static async begin(
    parent: string,
    clock: Clock,
    { source, scns }: { readonly source: string; readonly scns: readonly string[] },
  ): Promise<KeptRead> {
    const dir = path.join(parent, `oracle-read.${ownedMark()}.kept`);
    ensureDir(dir);
    const state: State = { version: 2, source, takenOn: shanghaiDate(clock), scns: [...scns], views: {} };
    const kept = new KeptRead(parent, dir, state);
    await kept.#write();
    return kept;
  }

  /**
   * Take over what an earlier read of the same source left today; what cannot be used is removed.
   * @throws {ArbdataError} E_HOME
   */
  static async takeOver(parent: string, clock: Clock, source: string): Promise<KeptRead | undefined> {
    let found: KeptRead | undefined;
    for (const name of abandonedReads(parent, clock)) {
      const dir = path.join(parent, `oracle-read.${ownedMark()}.kept`);
      if (!claim(path.join(parent, name), dir)) continue;
      const state = readState(dir);
      const isUsable = state?.source === source && state.takenOn === shanghaiDate(clock);
      if (state !== undefined && isUsable && found === undefined) found = new KeptRead(parent, dir, state);
      else await removeTree(dir);
    }
    if (found !== undefined) await found.#dropDamaged();
    return found;
  }

  get scns(): readonly string[] {
    return this.#state.scns;
  }

  view(name: ViewName): ViewState | undefined {
    return this.#state.views[name];
  }

  /** Pieces that are there, over all views. */
  get pieceCount(): number {
    return Object.values(this.#state.views).reduce((sum, { pieces }) => sum + pieces.length, 0);
  }

  pieceFile(view: ViewName, index: number): string {
    return path.join(this.#dir, `${view.toLowerCase()}-${String(index).padStart(5, '0')}.rows`);
  }

  parquetFile(view: ViewName): string {
    return path.join(this.#dir, `${view.toLowerCase()}.parquet`);
  }

  /** Enter how a view is cut. */
  async plan(view: ViewName, rows: number, ranges: ViewState['ranges']): Promise<ViewState> {
    const state: ViewState = { rows, ranges: [...ranges], pieces: [] };
    this.#state.views[view] = state;
    await this.#write();
    return state;
  }

  /** Enter a piece whose file is whole on the disk. */
  async finishPiece(view: ViewName, piece: Piece): Promise<void> {
    this.#state.views[view]?.pieces.push(piece);
    await this.#write();
  }

  /** Enter the view's Parquet file; the rows that it was made from go. */
  async finishView(view: ViewName): Promise<void> {
    const state = this.#state.views[view];
    if (state === undefined) return;
    state.parquetBytes = statSync(this.parquetFile(view)).size;
    await this.#write();
    for (const { index } of state.pieces) await rm(this.pieceFile(view, index), { force: true });
  }

  /** Give out the view's Parquet file under another name, without copying it where the file system can. */
  async handOut(view: ViewName, target: string): Promise<void> {
    try {
      linkSync(this.parquetFile(view), target);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'ENOTSUP') throw fileError(error, target);
      copyTo(this.parquetFile(view), target);
      await syncFile(target);
    }
    syncDirNow(path.dirname(target));
  }

  /** Leave the folder to the next read. */
  async leave(): Promise<void> {
    await this.#writing.catch(() => undefined);
    const free = path.join(this.#parent, `oracle-read.free-${randomBytes(4).toString('hex')}.kept`);
    if (claim(this.#dir, free)) this.#dir = free;
  }

  async remove(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await removeTree(this.#dir);
  }

  /** Pieces finish at the same time, and the state file is written by one at a time. */
  #write(): Promise<void> {
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(() => writeFileAtomic(path.join(this.#dir, STATE_FILE), JSON.stringify(this.#state)));
    return this.#writing;
  }

  /** What the state names and the disk does not have as it was, is read again. */
  async #dropDamaged(): Promise<void> {
    const sizeOf = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.size;
    for (const view of VIEW_NAMES) {
      const state = this.#state.views[view];
      if (state === undefined) continue;
      if (state.parquetBytes !== undefined) {
        if (sizeOf(this.parquetFile(view)) !== state.parquetBytes) delete this.#state.views[view];
        continue;
      }
      state.pieces = state.pieces.filter(
        ({ index, sizeBytes }) => sizeOf(this.pieceFile(view, index)) === sizeBytes,
      );
    }
    await this.#write();
  }
}

/**
 * Remove what reads left behind that nothing can use any more: those of another day, and damaged ones.
 * @throws {ArbdataError} E_HOME
 */
export async function removeStaleReads(parent: string, clock: Clock): Promise<void> {
  for (const name of abandonedReads(parent, clock)) {
    if (readState(path.join(parent, name))?.takenOn !== shanghaiDate(clock)) {
      await removeTree(path.join(parent, name));
    }
  }
}

/** Whether a name of the work folder is that of a read's raw rows. */
export const isKeptRead = (name: string): boolean => /^oracle-read\..+\.kept$/.test(name);

/** Folders of reads whose process is gone or has left them. */
function abandonedReads(parent: string, clock: Clock): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => {
      const [, mark] = /^oracle-read\.(.+)\.kept$/.exec(name) ?? [];
      if (mark === undefined) return false;
      const changedMs = statSync(path.join(parent, name), { throwIfNoEntry: false })?.mtimeMs;
      return changedMs !== undefined && (mark.startsWith('free-') || isOwnerGone(mark, changedMs, clock));
    })
    .sort();
}

/** Rename a folder; false where another process was first. */
function claim(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw fileError(error, from);
  }
}

function copyTo(file: string, target: string): void {
  try {
    copyFileSync(file, target);
  } catch (error) {
    throw fileError(error, target);
  }
}

/** Undefined where it is no state of this version: then nothing in the folder can be used. */
function readState(dir: string): State | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(readFileSync(path.join(dir, STATE_FILE), 'utf8'))).data;
  } catch {
    return undefined;
  }
}
