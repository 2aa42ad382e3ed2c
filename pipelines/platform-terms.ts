/** On what terms a platform is served: which layout, and how persons' data go to it. */
import type { Platform, Policy } from '../schemas/submission.ts';
import { platformProducts } from './batches.ts';
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
 * Before anything is read: there is a layout of the platform, and `submission.platforms` names no other. A key that
 * nobody reads would leave a package unencrypted that was to be encrypted.
 * @throws ArbdataError E_USAGE, E_CONFIG
 */
export function requirePlatform(
  { definitions, config, home }: Pick<Service, 'definitions' | 'config' | 'home'>,
  product: string,
): void {
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
}

/** The layout in force on the snapshot's day, and the terms of the configuration. */
export function termsOf(
  { definitions, config, home }: Pick<Service, 'definitions' | 'config' | 'home'>,
  product: string,
  asOf: string,
): Terms {
  const chosen = config.submission.platforms[product];
  const versions = definitions.platforms.filter((platform) => platform.product === product);
  const valid = versions
    .filter(({ validFrom, version }) =>
      chosen?.version === undefined ? validFrom <= asOf : version === chosen.version,
    )
    .sort((a, b) => (a.validFrom < b.validFrom ? 1 : -1));
  const [platform] = valid;
  if (platform === undefined) throw unknownPlatform(product, versions, chosen?.version);
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
