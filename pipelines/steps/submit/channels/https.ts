/** The channel `https`: part by part, each with its digest, under one idempotency key (docs/submission.md). */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { z } from 'zod';
import type { HttpsConfig } from '../../../../schemas/channels.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { type Channel, ChannelError, conflict, type Parcel, type Standing } from './channel.ts';
import { type Answer, type HttpsConnection, HttpsRequests, type Request } from './https-requests.ts';

export interface HttpsSettings extends HttpsConnection {
  readonly partBytes: number;
  readonly paths: HttpsConfig['paths'];
}

const SMALLEST_PART_BYTES = 1024;
const LARGEST_PART_BYTES = 1024 * 1024 * 1024;
const MOST_PARTS = 100_000;

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
/** What the platform says of an upload; further members are allowed and ignored. */
const uploadState = z.object({
  batch: z.string(),
  state: z.enum(['open', 'completing', 'complete']),
  sizeBytes: z.int().positive(),
  sha256: hex64,
  partBytes: z.int().min(SMALLEST_PART_BYTES).max(LARGEST_PART_BYTES),
  parts: z
    .array(z.object({ number: z.int().min(1).max(MOST_PARTS), sizeBytes: z.int().positive(), sha256: hex64 }))
    .max(MOST_PARTS),
});
type UploadState = z.infer<typeof uploadState>;

/** One part of a package. */
interface Part {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

export function httpsChannel(settings: HttpsSettings, clock: Clock): Channel {
  const { url, paths, partBytes } = settings;
  const withRequests = async <T>(use: (upload: Upload) => Promise<T>, parcel: Parcel): Promise<T> => {
    const requests = new HttpsRequests(settings);
    try {
      return await use(new Upload(requests, { parcel, paths, partBytes, clock }));
    } finally {
      requests.close();
    }
  };
  return {
    target: url,
    ask: (parcel) => withRequests(async (upload) => upload.standing(await upload.state()), parcel),
    send: (parcel, onProgress) =>
      withRequests(async (upload) => {
        const state = await upload.begin();
        let received = receivedBytes(state);
        onProgress(received);
        for (const part of upload.partsOf(state)) {
          if (await upload.has(state, part)) continue;
          received -= sizeOf(state, part.number);
          await upload.put(part, (sent) => onProgress(received + sent));
          received += part.to - part.from;
          onProgress(received);
        }
        await upload.complete();
        const standing = upload.standing(await upload.state());
        if (standing.state === 'different') throw conflict(parcel, standing.found);
        if (standing.state !== 'arrived') {
          throw new ChannelError(
            'retry',
            `${url} says that ${parcel.batch} is ${standing.state} after its end`,
          );
        }
      }, parcel),
  };
}

interface UploadOptions {
  readonly parcel: Parcel;
  readonly paths: HttpsConfig['paths'];
  readonly partBytes: number;
  readonly clock: Clock;
}

/** The requests of one batch, in the words of the protocol. */
class Upload {
  readonly #requests: HttpsRequests;
  readonly #options: UploadOptions;

  constructor(requests: HttpsRequests, options: UploadOptions) {
    this.#requests = requests;
    this.#options = options;
  }

  /** undefined where the platform knows no such upload. */
  async state(): Promise<UploadState | undefined> {
    const answer = await this.#send({ method: 'GET', path: this.#path('state') });
    if (answer.status === 404) return undefined;
    return this.#readState(answer);
  }

  standing(state: UploadState | undefined): Standing {
    const { batch, sizeBytes, sha256 } = this.#options.parcel;
    if (state === undefined) return { state: 'absent' };
    if (state.sizeBytes !== sizeBytes || state.sha256 !== sha256) {
      const found = `the platform holds ${batch} with ${state.sizeBytes} bytes, SHA-256 ${state.sha256}`;
      return { state: 'different', found };
    }
    switch (state.state) {
      case 'complete':
        return { state: 'arrived' };
      case 'open':
        return { state: 'partial', receivedBytes: receivedBytes(state) };
      case 'completing':
        throw new ChannelError('retry', `the platform is still putting ${batch} together`);
      default:
        return state.state satisfies never;
    }
  }

  /** Open the upload, or find it as it was left. */
  async begin(): Promise<UploadState> {
    const { parcel, partBytes } = this.#options;
    const { batch, name, sizeBytes, sha256 } = parcel;
    const body = {
      batch,
      name,
      sizeBytes,
      sha256,
      partBytes: Math.max(partBytes, Math.ceil(sizeBytes / MOST_PARTS)),
    };
    const answer = await this.#send({ method: 'POST', path: this.#path('create'), ...json(body) });
    if (answer.status === 404) {
      throw new ChannelError('access', 'the platform answers 404: it takes no packages at this address', {
        advice: 'Correct url and paths.create of the channel in config.json.',
      });
    }
    const state = await this.#readState(answer);
    const standing = this.standing(state);
    if (standing.state === 'different') throw conflict(parcel, standing.found);
    return state;
  }

  /** The parts into which the platform wants it cut. */
  partsOf({ partBytes }: UploadState): Part[] {
    const { sizeBytes } = this.#options.parcel;
    const count = Math.ceil(sizeBytes / partBytes);
    if (count > MOST_PARTS) {
      throw new ChannelError(
        'refused',
        `the platform wants parts of ${partBytes} bytes: there would be ${count}`,
      );
    }
    return Array.from({ length: count }, (_, index) => ({
      number: index + 1,
      from: index * partBytes,
      to: Math.min(sizeBytes, (index + 1) * partBytes),
    }));
  }

  /** Whether the platform has a part with the bytes that it should have. */
  async has({ state, parts }: UploadState, part: Part): Promise<boolean> {
    if (state !== 'open') return true;
    const found = parts.find(({ number }) => number === part.number);
    if (found === undefined || found.sizeBytes !== part.to - part.from) return false;
    return found.sha256 === (await this.#digest(part)).toString('hex');
  }

  async put(part: Part, onSent: (sentBytes: number) => void): Promise<void> {
    const { file } = this.#options.parcel;
    const digest = await this.#digest(part);
    let sent = 0;
    const answer = await this.#send({
      method: 'PUT',
      path: this.#path('part', part.number),
      headers: {
        'content-type': 'application/octet-stream',
        // RFC 9530.
        'content-digest': `sha-256=:${digest.toString('base64')}:`,
      },
      body: {
        file,
        from: part.from,
        to: part.to,
        onSent: (count) => {
          sent += count;
          onSent(sent);
        },
      },
    });
    if (answer.status !== 200 && answer.status !== 201 && answer.status !== 204) throw this.#refusal(answer);
  }

  async complete(): Promise<void> {
    const { sizeBytes, sha256 } = this.#options.parcel;
    const answer = await this.#send({
      method: 'POST',
      path: this.#path('complete'),
      ...json({ sizeBytes, sha256 }),
    });
    // 202: it is being put together; the state says when it is.
    if (![200, 201, 202, 204].includes(answer.status)) throw this.#refusal(answer);
  }

  #path(name: keyof UploadOptions['paths'], part = 0): string {
    const { paths, parcel } = this.#options;
    return paths[name]
      .replaceAll('{batch}', encodeURIComponent(parcel.batch))
      .replaceAll('{part}', String(part));
  }

  async #send(request: Request): Promise<Answer> {
    const key = { 'idempotency-key': this.#options.parcel.batch };
    return this.#requests.send({ ...request, headers: { ...request.headers, ...key } });
  }

  async #readState(answer: Answer): Promise<UploadState> {
    if (answer.status !== 200 && answer.status !== 201) throw this.#refusal(answer);
    const { batch } = this.#options.parcel;
    let state: UploadState;
    try {
      state = uploadState.parse(JSON.parse(answer.text));
    } catch (cause) {
      throw new ChannelError(
        'refused',
        `the platform's answer on ${batch} is not in the form of the protocol`,
        {
          cause,
        },
      );
    }
    if (state.batch === batch) return state;
    throw new ChannelError('refused', `asked for ${batch}, the platform answers about another batch`);
  }

  /** SHA-256 of a part, read through one buffer. */
  async #digest({ from, to }: Part): Promise<Buffer> {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(Math.min(1024 * 1024, to - from));
    const source = await open(this.#options.parcel.file, 'r');
    try {
      for (let position = from; position < to; ) {
        const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, to - position), position);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
        position += bytesRead;
      }
    } finally {
      await source.close();
    }
    return hash.digest();
  }

  /** What a status other than the wanted one means. */
  #refusal({ status, retryAfter }: Answer): ChannelError {
    const { batch } = this.#options.parcel;
    const told = `the platform answers ${status}`;
    if (status === 401 || status === 403) {
      return new ChannelError('access', `${told}: it does not let us send ${batch}`);
    }
    if (status === 409) return new ChannelError('refused', `${told}: it holds other content under ${batch}`);
    // 404, 410: the upload was thrown away meanwhile; 422: a digest did not fit, so bytes were damaged on the way.
    if ([404, 408, 410, 422, 425, 429].includes(status) || status >= 500) {
      const retryAfterMs = this.#waitOf(retryAfter);
      return new ChannelError('retry', told, retryAfterMs === undefined ? {} : { retryAfterMs });
    }
    return new ChannelError('refused', `${told}, which the protocol does not know`);
  }

  /** Retry-After: seconds, or a date. */
  #waitOf(text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
    const at = Date.parse(text);
    return Number.isNaN(at) ? undefined : Math.max(0, at - this.#options.clock.now().getTime());
  }
}

function json(body: object): Pick<Request, 'headers' | 'body'> {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function receivedBytes({ state, sizeBytes, parts }: UploadState): number {
  return state === 'open' ? parts.reduce((sum, part) => sum + part.sizeBytes, 0) : sizeBytes;
}

function sizeOf({ parts }: UploadState, number: number): number {
  return parts.find((part) => part.number === number)?.sizeBytes ?? 0;
}
