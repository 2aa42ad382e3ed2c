/** What every way to a platform can do: ask what it has of a package, and bring the package there. */
import { ArbdataError, type ErrorCode } from '../../../runtime/errors.ts';

/** A package on its way; its bytes were compared with the hash just before. */
export interface Parcel {
  readonly batch: string;
  /** Name at the platform: `<batch>.zip`, with `.age` where it is encrypted. */
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What the platform has of a package. `different`: something else stands under its name. */
export type Standing =
  | { readonly state: 'absent' }
  | { readonly state: 'partial'; readonly receivedBytes: number }
  | { readonly state: 'arrived' }
  | { readonly state: 'different'; readonly found: string };

/** So many bytes of the package are there; less than before where it had to begin again. */
export type OnProgress = (receivedBytes: number) => void;

export interface Channel {
  /** For people: `directory /…`, `sftp://user@host/…`, `https://host/…`; no secrets. */
  readonly target: string;
  /** Connect and look; nothing of a package is changed. */
  ask(parcel: Parcel): Promise<Standing>;
  /**
   * Bring it there, going on where an earlier attempt ended. When this returns, the platform has the whole package
   * under its name; until then nothing stands there under that name.
   */
  send(parcel: Parcel, onProgress: OnProgress): Promise<void>;
  /** See that a package could be brought, where asking alone does not show it; nothing is written. */
  tryOut?(): Promise<void>;
  /** Remove what dead attempts left beside a package that is there. */
  tidy?(): Promise<void>;
}

/** `retry`: the same again may succeed; `access`: a person must mend our side or theirs; `refused`: likewise. */
export type Failure = 'retry' | 'access' | 'refused';

const CODES = {
  retry: 'E_CHANNEL',
  access: 'E_CHANNEL_ACCESS',
  refused: 'E_CHANNEL_REFUSED',
} as const satisfies Record<Failure, ErrorCode>;

const ADVICE = {
  retry: 'Run the same command again later: it first asks what arrived, then goes on from there.',
  access:
    'Correct it together with the platform; `arbdata submit --check` tries the connection without sending.',
  refused:
    'Clear it with the platform; nothing is overwritten (docs/submission.md, "When it does not arrive").',
} as const satisfies Record<Failure, string>;

/** A channel's fault. Texts of the other side are not passed on: they may quote what was sent. */
export class ChannelError extends ArbdataError {
  readonly failure: Failure;
  /** The platform asks to wait so long. */
  readonly retryAfterMs: number | undefined;

  constructor(
    failure: Failure,
    message: string,
    options: { readonly cause?: unknown; readonly advice?: string; readonly retryAfterMs?: number } = {},
  ) {
    const { cause, advice = ADVICE[failure], retryAfterMs } = options;
    super(CODES[failure], message, { advice, ...(cause === undefined ? {} : { cause }) });
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The error of a name that is taken by something else. */
export function conflict({ name }: Parcel, found: string): ChannelError {
  return new ChannelError('refused', `${found}: it is not the package ${name}`);
}
