/** The console: its parts put together over one service. `serve` opens the door and hands requests to the listener. */
import type { RequestListener } from 'node:http';
import { settleRequests } from '../../pipelines/requests.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { Doorkeeper, type PasswordHasher, passwordHasher, RateLimit } from '../../pipelines/sign-in.ts';
import { AgreementCache } from './agreement-cache.ts';
import { CockpitCache } from './cockpit-cache.ts';
import { RequestRunner } from './request-runner.ts';
import { router } from './router.ts';
import { ROUTES } from './routes/index.ts';
import { type DoorOptions, hostName, ownNames } from './server.ts';
import { loadStaticFiles, type StaticFiles } from './static-files.ts';

/** A page asks for a dozen documents at once, a wall screen for ever. */
const ACCOUNT_RATE = { burst: 200, perMinute: 1200 };
/** An office behind one address. */
const ADDRESS_RATE = { burst: 2000, perMinute: 30_000 };

export interface ConsoleOptions {
  readonly door: DoorOptions;
  readonly hasher?: PasswordHasher;
  readonly files?: StaticFiles;
  /** Hold every answer against its schema. */
  readonly checkAnswers?: boolean;
}

export interface Console {
  readonly listener: RequestListener;
  /** Wait for the commands that were asked for. */
  close(): Promise<void>;
}

/** Make the console of a service. */
export async function openConsole(service: Service, options: ConsoleOptions): Promise<Console> {
  await settleRequests(service);
  const { door, hasher = passwordHasher(), files = loadStaticFiles(), checkAnswers = false } = options;
  const { memoryLimitMb, names, origin } = service.config.console;
  // What is only read needs little; the cores are for the runs.
  const reading: Service = { ...service, config: { ...service.config, memoryLimitMb, threads: 1 } };
  const runner = new RequestRunner(service);
  const agreements = new AgreementCache(reading);
  const own = ownNames(door, origin === undefined ? names : [...names, new URL(origin).hostname]);
  const listener = router({
    parts: {
      service: reading,
      door: new Doorkeeper(service, hasher),
      runner,
      cockpit: new CockpitCache(reading),
      agreements,
    },
    routes: ROUTES,
    files,
    hasTls: door.tls !== undefined || origin !== undefined,
    origin,
    isOwnHost: (host) => own.has(hostName(host)),
    rates: {
      account: new RateLimit(ACCOUNT_RATE, service.clock),
      address: new RateLimit(ADDRESS_RATE, service.clock),
    },
    checkAnswers,
  });
  const close = async (): Promise<void> => {
    await runner.close();
    await agreements.close();
  };
  return { listener, close };
}
