/**
 * The history of what was asked of a platform, told from the specification alone: every version of every record with
 * its answer, and from them what a batch must ask now, what waits, and what the platform holds.
 */
import type { ReferenceState } from './submission.ts';

export type ReferenceOp = 'I' | 'U' | 'D';

/** What a batch asks for one record; a deletion says nothing. */
export interface Asked {
  readonly id: string;
  readonly op: ReferenceOp;
  readonly content: string;
}

interface Version extends Asked {
  readonly batch: string;
  answer?: 'accepted' | 'rejected';
  isReleased: boolean;
}

/** What a build must find. */
export interface Expected {
  /** In the order of the record ids as numbers. */
  readonly asked: readonly Asked[];
  readonly waiting: readonly string[];
  readonly rejected: readonly string[];
  readonly held: readonly string[];
  /** Records on which a finding N001 stands. */
  readonly findings: readonly string[];
}

/** Everything that was ever asked, in the order of the batches. */
export class SubmissionBook {
  readonly #versions = new Map<string, Version[]>();
  readonly #lost = new Set<string>();
  readonly batches: string[] = [];

  /** A batch was built. */
  add(batch: string, asked: readonly Asked[]): void {
    this.batches.push(batch);
    for (const one of asked) {
      this.#versions.set(one.id, [...this.of(one.id), { ...one, batch, isReleased: false }]);
    }
  }

  of(id: string): readonly Version[] {
    return this.#versions.get(id) ?? [];
  }

  get ids(): string[] {
    return [...this.#versions.keys()];
  }

  /** The platform's word; the first one stands. */
  answer(batch: string, id: string, result: 'accepted' | 'rejected'): void {
    const version = this.of(id).find((one) => one.batch === batch);
    if (version === undefined) throw new Error(`${batch} holds no ${id}`);
    version.answer ??= result;
  }

  isAnswered(batch: string): boolean {
    return this.ids.every((id) =>
      this.of(id).every((one) => one.batch !== batch || one.answer !== undefined),
    );
  }

  lose(batch: string): void {
    this.#lost.add(batch);
  }

  isLost(batch: string): boolean {
    return this.#lost.has(batch);
  }

  /** A person lets a rejected record go again. */
  release(id: string): void {
    const last = this.#lastAnswered(id);
    if (last?.answer !== 'rejected') throw new Error(`${id} was not rejected last`);
    last.isReleased = true;
  }

  /** Whether a release is possible: rejected last, not released yet, and nothing of it is on its way. */
  isReleasable(id: string): boolean {
    const last = this.#lastAnswered(id);
    return last?.answer === 'rejected' && !last.isReleased && !this.isWaiting(id);
  }

  /** What the platform holds of a record as far as it told: what it accepted last. */
  heldContent(id: string): string | undefined {
    const last = this.of(id).findLast(({ answer }) => answer === 'accepted');
    return last === undefined || last.op === 'D' ? undefined : last.content;
  }

  /** In a batch that is neither answered nor declared lost. */
  isWaiting(id: string): boolean {
    return this.of(id).some(({ answer, batch }) => answer === undefined && !this.isLost(batch));
  }

  #lastAnswered(id: string): Version | undefined {
    return this.of(id).findLast(({ answer }) => answer !== undefined);
  }

  /** What was rejected, neither released nor followed by another answer; a deletion says nothing. */
  #standingRejection(id: string): { readonly content: string } | undefined {
    const last = this.#lastAnswered(id);
    return last?.answer !== 'rejected' || last.isReleased ? undefined : last;
  }

  /** What the next batch must ask, given what the cases say now. */
  next({ said, heldBack }: ReferenceState): Expected {
    const asked: Asked[] = [];
    const rejected: string[] = [];
    const ids = [...new Set([...said.keys(), ...heldBack, ...this.ids])].toSorted(byCase);
    for (const id of ids) {
      const one = heldBack.has(id) ? undefined : this.#wanted(id, said.get(id));
      if (one === undefined || this.isWaiting(id)) continue;
      if (this.#standingRejection(id)?.content === one.content) rejected.push(id);
      else asked.push(one);
    }
    return {
      asked,
      rejected,
      waiting: ids.filter((id) => this.isWaiting(id)),
      held: ids.filter((id) => this.heldContent(id) !== undefined),
      findings: ids.filter((id) => {
        const rejection = this.#standingRejection(id);
        if (rejection === undefined || this.isWaiting(id)) return false;
        return rejection.content === currentContent(id, said, heldBack);
      }),
    };
  }

  /** I where it is not held, U where it is and says something else, D where it is and no case is behind it. */
  #wanted(id: string, content: string | undefined): Asked | undefined {
    const held = this.heldContent(id);
    if (content === undefined) return held === undefined ? undefined : { id, op: 'D', content: '' };
    if (held === undefined) return { id, op: 'I', content };
    return held === content ? undefined : { id, op: 'U', content };
  }
}

/** What a case says now; empty where it is not to be reported, as a deletion is; undefined where it cannot be written. */
function currentContent(
  id: string,
  said: ReadonlyMap<string, string>,
  heldBack: ReadonlySet<string>,
): string | undefined {
  return said.get(id) ?? (heldBack.has(id) ? undefined : '');
}

const caseOf = (id: string): bigint => BigInt(id.slice('110000-'.length));
const byCase = (a: string, b: string): number => (caseOf(a) < caseOf(b) ? -1 : 1);
