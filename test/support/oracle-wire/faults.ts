/** Faults on demand: which strike where, and which have. */

export interface When {
  /** Connection of the server's life, from 1. */
  readonly connection?: number;
  /** Executed query of the server's life that reads a table of the source (or matches `statement`), from 1. */
  readonly query?: number;
  /** Text or pattern in the statement. */
  readonly statement?: string | RegExp;
  /** Matches that pass before it strikes. */
  readonly skip?: number;
  /** How often it strikes; 1 unless said. */
  readonly times?: number | 'always';
}

interface Common {
  readonly when?: When;
}

export type Fault = Common &
  (
    | { readonly kind: 'refuse'; readonly error?: number }
    | { readonly kind: 'down' }
    | { readonly kind: 'login'; readonly error: number }
    | { readonly kind: 'error'; readonly error: number; readonly afterRows?: number }
    | { readonly kind: 'drop'; readonly afterRows?: number; readonly midPacket?: boolean }
    | { readonly kind: 'stall'; readonly afterRows?: number; readonly ms?: number }
    | { readonly kind: 'slow'; readonly bytesPerSecond?: number; readonly latencyMs?: number }
    | { readonly kind: 'short'; readonly missing: number }
  );

export type FaultKind = Fault['kind'];
export type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>;

interface Armed {
  readonly fault: Fault;
  skip: number;
  left: number;
}

export interface Occasion {
  readonly connection: number;
  readonly query?: number;
  readonly statement?: string;
  /** Of a statement: whether it reads a table of the source. Others only meet faults that name a statement. */
  readonly readsSource?: boolean;
}

export class Faults {
  /** Faults that have struck, oldest first. */
  readonly fired: Fault[] = [];
  readonly #armed: Armed[] = [];
  readonly #onChange: () => void;

  /** @param onChange called when a fault is added or all are cleared */
  constructor(onChange: () => void = () => undefined) {
    this.#onChange = onChange;
  }

  add(fault: Fault): void {
    const times = fault.when?.times ?? 1;
    this.#armed.push({
      fault,
      skip: fault.when?.skip ?? 0,
      left: times === 'always' ? Number.POSITIVE_INFINITY : times,
    });
    this.#onChange();
  }

  clear(): void {
    this.#armed.length = 0;
    this.#onChange();
  }

  /** Whether a fault of the kind waits to strike. */
  has(kind: FaultKind): boolean {
    return this.#armed.some(({ fault, left }) => fault.kind === kind && left > 0);
  }

  /** The first fault of these kinds that strikes now; it counts as struck. */
  strike<K extends FaultKind>(kinds: readonly K[], occasion: Occasion): FaultOf<K> | undefined {
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (armed.left <= 0 || !(kinds as readonly FaultKind[]).includes(fault.kind)) continue;
      if (!fits(fault.when ?? {}, occasion)) continue;
      if (armed.skip > 0) {
        armed.skip -= 1;
        continue;
      }
      armed.left -= 1;
      this.fired.push(fault);
      return fault as FaultOf<K>;
    }
    return undefined;
  }
}

function fits(when: When, occasion: Occasion): boolean {
  if (when.connection !== undefined && when.connection !== occasion.connection) return false;
  if (when.query !== undefined && when.query !== occasion.query) return false;
  if (when.statement === undefined) return occasion.readsSource !== false;
  if (occasion.statement === undefined) return false;
  return typeof when.statement === 'string'
    ? occasion.statement.toUpperCase().includes(when.statement.toUpperCase())
    : when.statement.test(occasion.statement);
}
