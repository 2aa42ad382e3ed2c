/**
 * Random histories of a few cases: changes in the source, batches, crashes, deliveries, receipts, releases, losses. They
 * run through the real service; a book kept from the specification alone says after every step what must hold.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc, { type Arbitrary } from 'fast-check';
import { runNationalPlatform, type SubmissionRunEnd } from '../../../pipelines/national-platform.ts';
import { importReceipts } from '../../../pipelines/receipts.ts';
import { recover } from '../../../pipelines/recovery.ts';
import { literal } from '../../../pipelines/runtime/duckdb.ts';
import { removeTree, sha256File } from '../../../pipelines/runtime/files.ts';
import type { Progress } from '../../../pipelines/runtime/progress.ts';
import type { Service } from '../../../pipelines/runtime/service.ts';
import { declareLost, releaseRecord, submissions } from '../../../pipelines/submissions.ts';
import { submit } from '../../../pipelines/submit.ts';
import { parsePeriod } from '../../../schemas/period.ts';
import { type Expected, SubmissionBook } from '../../reference/submission-book.ts';
import {
  type JudgeRule,
  type ReceiptWish,
  RecordBook,
  receiptsOf,
  type SentRecord,
  recordsOf as sentRecords,
  type Verdict,
} from '../../support/platform/judge.ts';
import { aCase, type SmallCase, smallSource } from './small-source.ts';
import {
  AS_OF,
  entriesOf,
  recordsOf,
  SHIPPED_XSD,
  SubmissionHome,
  saidIn,
  stateOf,
  writeXml,
  xmllint,
} from './submission-home.ts';

/** Cases of one history; many more may share its batches, each with changes of its own. */
export const FEW_CASES = 5;
const MONTHS = ['2026-09', '2026-10', '2026-11'] as const;
/** The platform takes no record with this amount, and no deletion of such a case, unless it is lenient. */
const REFUSED_AMOUNT = 66;
const isKept = (recordId: string): boolean => Number(recordId.split('-').at(-1)) % FEW_CASES === 4;

/** A step of a history. Numbers choose among what there is. */
export type Step =
  | { readonly do: 'edit'; readonly at: number; readonly change: Partial<SmallCase> }
  /** `crash`: throw at so many a word of the progress; absent: run to the end. */
  | { readonly do: 'build'; readonly next: boolean; readonly crash: number | undefined }
  /** `swallowed`: the platform never looks at it. */
  | {
      readonly do: 'send';
      readonly at: number;
      readonly swallowed: boolean;
      readonly crash: number | undefined;
    }
  /** Some answers of a batch that the platform has judged; `part` of 4 or all. */
  | {
      readonly do: 'answer';
      readonly at: number;
      readonly part: number;
      readonly wish: ReceiptWish;
      readonly crash: number | undefined;
    }
  | { readonly do: 'release'; readonly at: number }
  | { readonly do: 'lose'; readonly at: number };

const crash = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.nat(42) },
);
/** What may change of a case: seen by the platform or not, into an error and out of it, gone and back. */
const changes: Arbitrary<Partial<SmallCase>> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ amount: fc.constantFrom(100, 200, REFUSED_AMOUNT) }) },
  { weight: 1, arbitrary: fc.record({ isClosed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ birth: fc.constantFrom('1980-05-05', '1981-05-05', '1980-12-31') }) },
  {
    weight: 2,
    arbitrary: fc.record({ name: fc.constantFrom('张三', '张伟'), phone: fc.constantFrom('1', '2') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      error: fc.constantFrom(
        'none',
        'none',
        'none',
        'none',
        'workers',
        'party',
        'claim',
        'long number',
        'mark',
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ isDeleted: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ isThere: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ accepted: fc.constantFrom('early', 'early', 'late', 'no') }) },
);
const wishes: Arbitrary<ReceiptWish> = fc.record({
  format: fc.constantFrom('json', 'xml'),
  parts: fc.constantFrom(1, 1, 2),
});
const editsAmong = (cases: number): Arbitrary<Step> =>
  fc.record({ do: fc.constant('edit' as const), at: fc.nat(cases - 1), change: changes });
const builds: Arbitrary<Step> = fc.record({
  do: fc.constant('build' as const),
  next: fc.constantFrom(false, false, true),
  crash,
});
/** The latest batch is chosen most often: what a clerk does. */
const late = fc.constantFrom(0, 0, 0, 0, 0, 1, 2);
const sends: Arbitrary<Step> = fc.record({
  do: fc.constant('send' as const),
  at: late,
  swallowed: fc.constantFrom(false, false, false, false, false, false, false, true),
  crash,
});
const answers: Arbitrary<Step> = fc.record({
  do: fc.constant('answer' as const),
  at: late,
  part: fc.constantFrom(0, 1, 4, 4, 4, 4, 4, 4),
  wish: wishes,
  crash,
});
const releases: Arbitrary<Step> = fc.record({ do: fc.constant('release' as const), at: fc.nat(9) });
const losses: Arbitrary<Step> = fc.record({ do: fc.constant('lose' as const), at: fc.nat(9) });

const some = <T>(arbitrary: Arbitrary<T>, most: number): Arbitrary<T[]> =>
  fc.array(arbitrary, { maxLength: most, size: 'max' });
/** A month's work, some of it left out, done twice or out of order. */
const roundsOf = (cases: number): Arbitrary<Step[]> => {
  const shares = cases / FEW_CASES;
  return fc
    .tuple(
      fc.array(editsAmong(cases), { minLength: 2 * shares, maxLength: 7 * shares, size: 'max' }),
      some(fc.oneof({ weight: 3, arbitrary: releases }, { weight: 1, arbitrary: losses }), 1),
      fc.array(builds, { minLength: 1, maxLength: 1 }),
      fc.oneof({ weight: 5, arbitrary: fc.tuple(sends, answers) }, { weight: 1, arbitrary: some(sends, 1) }),
      some(answers, 1),
    )
    .map((parts) => parts.flat());
};

/** Histories of some months' work on so many cases. */
export const historiesOf = (cases: number): Arbitrary<readonly Step[]> =>
  fc.array(roundsOf(cases), { minLength: 3, maxLength: 5, size: 'max' }).map((parts) => parts.flat());

/** What came of some histories: that the test reaches what it is about. */
export interface Reached {
  builds: number;
  batches: number;
  records: Record<'I' | 'U' | 'D', number>;
  crashes: number;
  rejected: number;
  released: number;
  lost: number;
}

export const nothingReached = (): Reached => ({
  builds: 0,
  batches: 0,
  records: { I: 0, U: 0, D: 0 },
  crashes: 0,
  rejected: 0,
  released: 0,
  lost: 0,
});

/** Carry a history out, step by step, and settle everything at its end. @throws where anything is not as it must be */
export async function carryOut(
  history: readonly Step[],
  reached: Reached,
  cases: number = FEW_CASES,
): Promise<void> {
  const home = await SubmissionHome.open();
  try {
    const world = new World(home, reached, cases);
    await world.home.fill(world.source());
    for (const [index, step] of history.entries()) {
      await world.take(step).catch((error: unknown) => {
        throw new Error(`step ${index + 1}, ${JSON.stringify(step)}: ${(error as Error).message}`, {
          cause: error,
        });
      });
    }
    await world.settle();
  } finally {
    await removeTree(home.dir);
  }
}

class Crash extends Error {}

/** A progress that throws at its n-th word: the beginning, or the end, of a step. */
function crashingProgress(at: number): Progress {
  let words = 0;
  const word = (): void => {
    words += 1;
    if (words === at + 1) throw new Crash('crash');
  };
  return {
    step: () => {
      word();
      return { advance: () => undefined, done: word, fail: () => undefined };
    },
  };
}

class World {
  readonly home: SubmissionHome;
  readonly #reached: Reached;
  readonly #cases: SmallCase[];
  readonly #book = new SubmissionBook();
  readonly #platform = new RecordBook();
  /** What the platform said of each batch that it has judged. */
  readonly #verdicts = new Map<string, readonly Verdict[]>();
  /** Batches that arrived where nobody looked. */
  readonly #swallowed = new Set<string>();
  /** SHA-256 of each package when it was built. */
  readonly #packages = new Map<string, { readonly file: string; readonly sha256: string }>();
  #month = 0;
  #isLenient = false;
  #isChanged = true;
  /** A batch was declared lost that the platform took: what it then says of a record may surprise. */
  #isSurprised = false;

  constructor(home: SubmissionHome, reached: Reached, cases: number) {
    this.home = home;
    this.#reached = reached;
    this.#cases = Array.from({ length: cases }, (_, index) => aCase(index + 1));
  }

  source() {
    return smallSource(this.#cases);
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'edit':
        this.#cases[step.at] = { ...aCase(step.at + 1), ...this.#cases[step.at], ...step.change };
        this.#isChanged = true;
        return;
      case 'build':
        if (step.next) this.#month = Math.min(this.#month + 1, MONTHS.length - 1);
        return this.#build(step.crash);
      case 'send': {
        const batch = chosen(this.#unsent(), step.at);
        return batch === undefined ? undefined : this.#send(batch, step.swallowed, step.crash);
      }
      case 'answer': {
        const batch = chosen([...this.#verdicts.keys()], step.at);
        return batch === undefined ? undefined : this.#answer(batch, step);
      }
      case 'release': {
        const id = chosen(
          this.#book.ids.filter((one) => this.#book.isReleasable(one)),
          step.at,
        );
        return id === undefined ? undefined : this.#release(id);
      }
      case 'lose': {
        const batch = chosen(this.#losable(), step.at);
        return batch === undefined ? undefined : this.#lose(batch);
      }
      default:
        step satisfies never;
    }
  }

  /** Answer everything, let everything go, and see that the platform then holds what there is to hold. */
  async settle(): Promise<void> {
    this.#isLenient = true;
    this.#month = MONTHS.length - 1;
    await this.#answerEverything();
    for (let isSettled = false; !isSettled; ) {
      const batches = this.#book.batches.length;
      await this.#build();
      await this.#answerEverything();
      const releasable = this.#book.ids.filter((id) => this.#book.isReleasable(id));
      for (const id of releasable) await this.#release(id);
      isSettled = releasable.length === 0 && this.#book.batches.length === batches;
    }
    const { said, heldBack } = stateOf(this.source(), this.#period);
    const expected = this.#book.next({ said, heldBack });
    const [asked, rejected, waiting] = [expected.asked, expected.rejected, expected.waiting];
    assert.deepEqual({ asked, rejected, waiting }, { asked: [], rejected: [], waiting: [] });
    for (const id of new Set([...said.keys(), ...this.#platform.held.keys()])) {
      if (heldBack.has(id)) continue;
      assert.equal(this.#heldByPlatform(id), said.get(id), `what the platform holds of ${id} at the end`);
    }
    await this.#seeFiles();
  }

  get #period(): string {
    return MONTHS[this.#month] ?? '';
  }

  async #build(crashAt?: number): Promise<void> {
    if (this.#isChanged) await this.home.fill(this.source());
    this.#isChanged = false;
    const state = stateOf(this.source(), this.#period);
    const expected = this.#book.next(state);
    const known = this.#book.batches.length;
    if (crashAt !== undefined) {
      await this.#crashing(crashAt, (service) => this.#run(service));
      // Where the batch had its place before the crash, it is there; else nothing is.
      const batches = await this.home.home.as('clerk', async (service) => {
        await recover(service);
        return submissions(service);
      });
      assert.ok(batches.length === known || batches.length === known + 1);
      const made = batches.at(-1);
      if (batches.length > known && made !== undefined) {
        const { dir, folder, name } = made;
        await this.#enter(name, { dir, files: folder.files.map((file) => file.path) }, expected);
      }
    }
    const end = await this.home.home.as('clerk', (service) => this.#run(service));
    await this.#compare(end, this.#book.next(state), state.heldBack.size);
  }

  #run(service: Service): Promise<SubmissionRunEnd & { runId: string }> {
    return runNationalPlatform(service, { period: parsePeriod(this.#period), asOf: AS_OF });
  }

  /** Hold a build against what the book expects of it. */
  async #compare(
    { submission, prepared }: SubmissionRunEnd,
    expected: Expected,
    heldBack: number,
  ): Promise<void> {
    this.#reached.builds += 1;
    const { state, counts, tieOut } = submission;
    const { asked, waiting, rejected, held } = expected;
    const ops = (op: string): number => asked.filter((one) => one.op === op).length;
    assert.deepEqual(
      { state, counts, gaps: tieOut.gaps, gapCount: tieOut.gapCount },
      {
        state: asked.length === 0 ? 'unchanged' : 'published',
        counts: {
          records: asked.length,
          I: ops('I'),
          U: ops('U'),
          D: ops('D'),
          held: held.length,
          heldBack,
          rejected: rejected.length,
          waiting: waiting.length,
        },
        gaps: [],
        gapCount: 0,
      },
    );
    const found = await this.home.query<{ id: string }>(
      `SELECT '110000-' || record_key AS id FROM read_parquet(${literal(prepared.findingsFile)})
       WHERE rule_id = 'N001' AND state <> 'resolved' ORDER BY CAST(record_key AS BIGINT)`,
    );
    assert.deepEqual(
      found.map(({ id }) => id),
      expected.findings,
      'findings N001',
    );
    assert.equal(submission.batch !== undefined, asked.length > 0);
    if (submission.batch !== undefined) await this.#enter(submission.batch, submission, expected);
  }

  /** A batch was built: it holds what was expected, under the next number. */
  async #enter(
    batch: string,
    outcome: { readonly dir: string; readonly files: readonly string[] },
    { asked }: Expected,
  ): Promise<void> {
    const month = `110000-ARB-${this.#period.replace('-', '')}-`;
    const number = this.#book.batches.filter((name) => name.startsWith(month)).length + 1;
    assert.equal(batch, month + String(number).padStart(2, '0'));
    const sent = recordsOf(outcome).map((record) => ({
      id: record.id,
      op: record.op,
      content: saidIn(record),
    }));
    assert.deepEqual(sent, asked, batch);
    this.#refuseRepetition(asked);
    this.#book.add(batch, asked);
    this.#reached.batches += 1;
    for (const { op } of asked) this.#reached.records[op] += 1;
    const file = path.join(outcome.dir, outcome.files.find((name) => name.endsWith('.zip')) ?? '');
    this.#packages.set(batch, { file, sha256: (await sha256File(file)).sha256 });
    assert.equal(xmllint(SHIPPED_XSD, writeXml(this.home.newFolder('xml'), entriesOf(outcome))), '', batch);
  }

  /** The same is never said twice in a row, unless it was lost or released. */
  #refuseRepetition(asked: Expected['asked']): void {
    for (const { id, content } of asked) {
      const last = this.#book.of(id).at(-1);
      if (last === undefined || last.content !== content) continue;
      const isLost = last.answer === undefined && this.#book.isLost(last.batch);
      assert.ok(
        isLost || (last.answer === 'rejected' && last.isReleased),
        `${id} was sent twice with the same content`,
      );
    }
  }

  async #send(batch: string, swallowed: boolean, crashAt?: number): Promise<void> {
    if (crashAt !== undefined) await this.#crashing(crashAt % 8, (service) => submit(service, { batch }));
    const { state } = await this.home.send(batch);
    assert.ok(['sent', 'arrived before', 'delivered before'].includes(state), state);
    const arrived = path.join(this.home.dir, 'outbox/national-platform', `${batch}.zip`);
    assert.equal((await sha256File(arrived)).sha256, this.#packages.get(batch)?.sha256);
    const again = await this.home.send(batch);
    assert.equal(again.state, 'delivered before');
    if (swallowed) this.#swallowed.add(batch);
    else
      this.#verdicts.set(
        batch,
        this.#platform.judge(batch, sentRecords(readFileSync(arrived)), this.#rule()),
      );
  }

  #rule(): JudgeRule {
    return ({ id, op, content }: SentRecord) => {
      if (this.#isLenient) return undefined;
      if (op !== 'D' && content.includes(`<claimAmount>${REFUSED_AMOUNT}.00<`))
        return { code: 'E66', message: '金额不符，当事人张三' };
      return op === 'D' && isKept(id) ? { code: 'E04', message: '不得删除' } : undefined;
    };
  }

  async #answer(
    batch: string,
    {
      part,
      wish,
      crash: crashAt,
    }: { readonly part: number; readonly wish: ReceiptWish; readonly crash: number | undefined },
  ): Promise<void> {
    const all = this.#verdicts.get(batch) ?? [];
    const verdicts = all.filter((_one, index) => part === 4 || index % 4 === part);
    if (verdicts.length === 0) return;
    const files = receiptsOf(batch, verdicts, wish);
    if (crashAt !== undefined) {
      await this.#crashing(crashAt % 12, async (service) => {
        const inbox = this.home.newFolder('crash');
        for (const { name, text } of files) writeFileSync(path.join(inbox, name), text);
        return importReceipts(service, inbox);
      });
    }
    for (const { error } of (await this.home.import(files)).receipts) assert.equal(error, undefined);
    for (const verdict of verdicts) {
      const { id, result } = verdict;
      const isOutOfPlace = result === 'rejected' && verdict.code.startsWith('P');
      assert.ok(this.#isSurprised || !isOutOfPlace, `${id} of ${batch} is out of place`);
      if (result === 'rejected') this.#reached.rejected += 1;
      this.#book.answer(batch, id, result);
    }
    this.#seePlatform();
    const twice = await this.home.import(files);
    assert.ok(twice.receipts.every(({ state }) => state === 'unchanged'));
  }

  /** Once everything is answered that was judged, the platform holds what the book says. */
  #seePlatform(): void {
    const isKnown = [...this.#verdicts.keys()].every((batch) => this.#book.isAnswered(batch));
    if (!isKnown) return;
    for (const id of new Set([...this.#book.ids, ...this.#platform.held.keys()])) {
      assert.equal(this.#heldByPlatform(id), this.#book.heldContent(id), `what the platform holds of ${id}`);
    }
  }

  #heldByPlatform(id: string): string | undefined {
    const content = this.#platform.held.get(id);
    return content === undefined ? undefined : saidIn({ content });
  }

  async #release(id: string): Promise<void> {
    await this.home.home.as('head', (service) => releaseRecord(service, id, 'looked at'));
    this.#book.release(id);
    this.#reached.released += 1;
  }

  async #lose(batch: string): Promise<void> {
    await this.home.home.as('head', (service) => declareLost(service, batch, 'never arrived'));
    this.#book.lose(batch);
    this.#reached.lost += 1;
    if (this.#verdicts.has(batch)) this.#isSurprised = true;
  }

  /** Batches that may still be sent. */
  #unsent(): string[] {
    return this.#book.batches.filter(
      (batch) => !this.#verdicts.has(batch) && !this.#swallowed.has(batch) && !this.#book.isLost(batch),
    );
  }

  #losable(): string[] {
    return this.#book.batches.filter((batch) => !this.#book.isLost(batch) && !this.#book.isAnswered(batch));
  }

  async #answerEverything(): Promise<void> {
    for (const batch of this.#unsent()) await this.#send(batch, false);
    for (const batch of this.#verdicts.keys()) {
      if (!this.#book.isAnswered(batch)) await this.#answer(batch, { part: 4, wish: {}, crash: undefined });
    }
    for (const batch of this.#losable()) await this.#lose(batch);
  }

  /** Let a command throw on its way; one that has fewer words than that runs to its end. */
  async #crashing(at: number, command: (service: Service) => Promise<unknown>): Promise<void> {
    await this.home.home
      .as('clerk', (service) => command({ ...service, progress: crashingProgress(at) }))
      .catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
        this.#reached.crashes += 1;
      });
  }

  /** Every batch has the bytes that it was built with, under numbers without a gap. */
  async #seeFiles(): Promise<void> {
    const batches = await this.home.batches();
    assert.deepEqual(
      batches.map(({ name }) => name),
      this.#book.batches,
    );
    for (const [batch, { file, sha256 }] of this.#packages) {
      assert.equal((await sha256File(file)).sha256, sha256, batch);
    }
  }
}

/** One of several, counted from the last. */
const chosen = <T>(choices: readonly T[], at: number): T | undefined =>
  choices.toReversed()[at % Math.max(1, choices.length)];
