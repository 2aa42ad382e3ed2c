/** A reader that is to be slower than it could: so many rows a second, over the whole of its reading. */

/** How often the rate starts anew: what a pause left unused is not made up for at full speed afterwards. */
const ACCOUNT_MS = 5_000;

export class Pace {
  readonly #rowsPerSecond: number;
  readonly #nowMs: () => number;
  #sinceMs: number;
  #rows = 0;

  constructor(rowsPerSecond: number, nowMs: () => number = () => performance.now()) {
    this.#rowsPerSecond = rowsPerSecond;
    this.#nowMs = nowMs;
    this.#sinceMs = nowMs();
  }

  /** Milliseconds to wait after so many more rows. */
  after(rows: number): number {
    const now = this.#nowMs();
    const dueMs = ((this.#rows + rows) / this.#rowsPerSecond) * 1000;
    const aheadMs = dueMs - (now - this.#sinceMs);
    if (aheadMs < -ACCOUNT_MS) {
      this.#sinceMs = now;
      this.#rows = rows;
      return (rows / this.#rowsPerSecond) * 1000;
    }
    this.#rows += rows;
    return Math.max(0, aheadMs);
  }
}
