/** On what terms a platform is served: which layout, and how persons' data go to it. */
import type { Platform, Policy } from '../schemas/submission.ts';
import { platformProducts } from './batches.ts';
import { shanghaiDate } from './runtime/clock.ts';
import { checkRecipients } from './runtime/encryption.ts';
import { ArbdataError } from './runtime/errors.ts';
import type { Service } from './runtime/service.ts';
import { identityKey } from './steps/submit/identity-hash.ts';
import { Layout } from './steps/submit/layout.ts';

/** How a platform is served: its layout, and how persons' data go to it. */
export interface Terms {
  readonly layout: Layout;
  readonly policy: Policy;
  /** Who may open the package; none: it is not encrypted. */
  readonly recipients: readonly string[];
  /** Key of identity numbers. */
  readonly key: Buffer;
}

/**
 * Before anything is read: there is a layout of the platform, its terms of today are complete, and
 * `submission.platforms` names no other. A key that nobody reads would leave a package unencrypted that was to be
 * encrypted.
 * @throws ArbdataError E_USAGE, E_CONFIG, E_KEY
 */
export function requirePlatform(
  service: Pick<Service, 'definitions' | 'config' | 'home' | 'clock'>,
  product: string,
): void {
  const { definitions, config, home, clock } = service;
  const known = platformProducts({ definitions });
  const advice = `Platforms with a layout: ${known.join(', ')}.`;
  const unread = Object.keys(config.submission.platforms).find((key) => !known.includes(key));
  if (unread !== undefined) {
    const column = `submission.platforms.${unread}`;
    throw new ArbdataError('E_CONFIG', `${home.config}: ${column} is no platform that has a layout`, {
      advice,
      where: { file: home.config, column },
    });
  }
  if (!known.includes(product)) {
    throw new ArbdataError('E_USAGE', `there is no layout of a platform ${product}`, { advice });
  }
  const today = shanghaiDate(clock);
  const isPinned = config.submission.platforms[product]?.version !== undefined;
  // A layout that begins later may be in force on the day of the snapshot, which is not known yet.
  if (isPinned || layoutOn(service, product, today) !== undefined) termsOf(service, product, today);
}

/** The layout in force on a day, or the version that config.json names. */
function layoutOn(
  { definitions, config }: Pick<Service, 'definitions' | 'config'>,
  product: string,
  day: string,
): Platform | undefined {
  const pinned = config.submission.platforms[product]?.version;
  const [latest] = definitions.platforms
    .filter((one) => one.product === product)
    .filter(({ validFrom, version }) => (pinned === undefined ? validFrom <= day : version === pinned))
    .sort((a, b) => (a.validFrom < b.validFrom ? 1 : -1));
  return latest;
}

/** The layout in force on the snapshot's day, and the terms of the configuration. */
export function termsOf(
  service: Pick<Service, 'definitions' | 'config' | 'home'>,
  product: string,
  asOf: string,
): Terms {
  const { definitions, config, home } = service;
  const chosen = config.submission.platforms[product];
  const platform = layoutOn(service, product, asOf);
  if (platform === undefined) {
    const versions = definitions.platforms.filter((one) => one.product === product);
    throw unknownPlatform(product, versions, chosen?.version);
  }
  const policy = chosen?.policy ?? platform.defaultPolicy;
  const recipients =
    chosen?.recipients === undefined
      ? []
      : checkRecipients(chosen.recipients, `submission.platforms.${product}.recipients`);
  if (policy === 'plain' && recipients.length === 0) {
    throw new ArbdataError('E_CONFIG', `submission.platforms.${product}: policy "plain" needs recipients`, {
      advice:
        "Persons' data leave the house in plain only in an encrypted package: name the platform's public keys.",
    });
  }
  return {
    layout: new Layout(platform, definitions.codes),
    policy,
    recipients,
    key: identityKey(home, process.env),
  };
}

function unknownPlatform(product: string, versions: readonly Platform[], version?: string): ArbdataError {
  const known = versions.map((one) => one.version).join(', ');
  return new ArbdataError(
    'E_CONFIG',
    version === undefined
      ? `there is no layout of ${product} that is valid on the day of the snapshot`
      : `there is no version ${version} of ${product} (there is ${known || 'none'})`,
    { advice: "Name a version that is there, or put its layout into the home's definitions/platforms/." },
  );
}
