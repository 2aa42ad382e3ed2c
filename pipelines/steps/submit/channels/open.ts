/** From config.json and the environment to a channel: every file and secret is read and checked here, once. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  DEFAULT_CHANNEL,
  type DirectoryConfig,
  type HttpsConfig,
  type SftpConfig,
} from '../../../../schemas/channels.ts';
import type { Config } from '../../../../schemas/config.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { ArbdataError } from '../../../runtime/errors.ts';
import type { Home } from '../../../runtime/home.ts';
import { readPrivateFile, Secret, secretFrom } from '../../../runtime/secrets.ts';
import type { Channel } from './channel.ts';
import { directoryChannel } from './directory.ts';
import { httpsChannel } from './https.ts';
import { sftpChannel } from './sftp.ts';

/** Keys and chains of certificates are short; whoever names a large file has named the wrong one. */
const LARGEST_PEM_BYTES = 1024 * 1024;

export interface ChannelContext {
  readonly home: Pick<Home, 'dir' | 'config'>;
  readonly config: Pick<Config, 'submission'>;
  readonly clock: Clock;
  readonly environment: NodeJS.ProcessEnv;
}

/** Names of the channels that there are, the default one first. */
export function channelNames({ submission: { channel, channels } }: Pick<Config, 'submission'>): string[] {
  return [...new Set([channel, ...Object.keys(channels)])];
}

/**
 * A channel by its name; nothing is connected yet.
 * @throws ArbdataError E_CONFIG naming the key, the file or the variable that is wrong; E_USAGE for an unknown name
 */
export function openChannel(context: ChannelContext, name: string, product: string): Channel {
  const { channels } = context.config.submission;
  const config = channels[name] ?? (name === DEFAULT_CHANNEL ? ({ kind: 'directory' } as const) : undefined);
  if (config === undefined) {
    throw new ArbdataError('E_USAGE', `there is no channel ${name}`, {
      advice: `Channels of config.json: ${channelNames(context.config).join(', ')}.`,
    });
  }
  const place: Place = { context, name };
  switch (config.kind) {
    case 'directory':
      return directoryChannel(directorySettings(place, config, product), context.clock);
    case 'sftp':
      return sftpChannel(sftpSettings(place, config));
    case 'https':
      return httpsChannel(httpsSettings(place, config), context.clock);
    default:
      return config satisfies never;
  }
}

/** Where a value stands: for reading it and for saying what is wrong with it. */
interface Place {
  readonly context: ChannelContext;
  readonly name: string;
}

function directorySettings({ context }: Place, config: DirectoryConfig, product: string) {
  return config.path === undefined
    ? { dir: path.join(context.home.dir, 'outbox', product), isOwn: true }
    : { dir: path.resolve(path.dirname(context.home.config), config.path), isOwn: false };
}

function sftpSettings(place: Place, config: SftpConfig) {
  const { kind: _kind, keyFile, connectTimeoutSeconds, idleTimeoutSeconds, ...rest } = config;
  const privateKey = privateFile(place, 'keyFile', keyFile);
  const password = secretOf(place, 'PASSWORD');
  if (privateKey === undefined && password === undefined) {
    throw wrong(
      place,
      'has neither a keyFile nor a password',
      `Name a keyFile, or set ${variable(place, 'PASSWORD')}.`,
    );
  }
  return {
    host: rest.host,
    port: rest.port,
    user: rest.user,
    directory: rest.directory,
    hostKeys: rest.hostKeys,
    readBack: rest.readBack,
    privateKey,
    password,
    keyPassphrase: secretOf(place, 'KEY_PASSPHRASE'),
    connectTimeoutMs: connectTimeoutSeconds * 1000,
    idleTimeoutMs: idleTimeoutSeconds * 1000,
  };
}

function httpsSettings(place: Place, config: HttpsConfig) {
  const certificate = publicFile(place, 'certificateFile', config.certificateFile);
  const key = privateFile(place, 'keyFile', config.keyFile);
  const keyPassphrase = secretOf(place, 'KEY_PASSPHRASE');
  if ((certificate === undefined) !== (key === undefined)) {
    throw wrong(place, 'has only one of certificateFile and keyFile', 'Name both, or neither.');
  }
  if (certificate !== undefined && key !== undefined) checkPair(place, certificate, key, keyPassphrase);
  return {
    url: config.url.replace(/\/+$/, ''),
    ca: publicFile(place, 'caFile', config.caFile),
    certificate,
    key,
    keyPassphrase,
    partBytes: config.partBytes,
    paths: config.paths,
    connectTimeoutMs: config.connectTimeoutSeconds * 1000,
    idleTimeoutMs: config.idleTimeoutSeconds * 1000,
    requestTimeoutMs: config.requestTimeoutSeconds * 1000,
  };
}

/** A certificate of another key, or a wrong pass phrase, would show only in the middle of a handshake. */
function checkPair(place: Place, certificate: string, key: Secret, keyPassphrase: Secret | undefined): void {
  const isPair = (() => {
    try {
      const passphrase = keyPassphrase?.reveal();
      const privateKey = createPrivateKey({
        key: key.reveal(),
        ...(passphrase === undefined ? {} : { passphrase }),
      });
      return new X509Certificate(certificate).checkPrivateKey(privateKey);
    } catch (cause) {
      throw wrong(
        place,
        'has a certificateFile or keyFile that cannot be read as PEM',
        `Check both files, and ${variable(place, 'KEY_PASSPHRASE')} where the key is encrypted.`,
        cause,
      );
    }
  })();
  if (!isPair) {
    throw wrong(
      place,
      'has a keyFile that is not of its certificateFile',
      'Name the key of that certificate.',
    );
  }
}

function publicFile(place: Place, key: string, given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const file = absolute(place, given);
  try {
    if (statSync(file).size > LARGEST_PEM_BYTES) throw new Error('too large');
    const text = readFileSync(file, 'utf8');
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error('no PEM');
    return text;
  } catch (cause) {
    throw wrong(
      place,
      `${key} ${file} cannot be read as certificates`,
      'Name a PEM file of certificates.',
      cause,
    );
  }
}

function privateFile(place: Place, key: string, given: string | undefined): Secret | undefined {
  if (given === undefined) return undefined;
  const name = `config.json: submission.channels.${place.name}.${key}`;
  // A key without the line end after its last line is no PEM to some readers.
  return new Secret(`${readPrivateFile(name, absolute(place, given), LARGEST_PEM_BYTES)}\n`);
}

function absolute({ context }: Place, given: string): string {
  return path.resolve(path.dirname(context.home.config), given);
}

function variable({ name }: Place, what: string): string {
  return `ARBDATA_CHANNEL_${name.toUpperCase().replaceAll('-', '_')}_${what}`;
}

function secretOf(place: Place, what: 'PASSWORD' | 'KEY_PASSPHRASE'): Secret | undefined {
  return secretFrom(place.context.environment, variable(place, what));
}

function wrong(place: Place, what: string, advice: string, cause?: unknown): ArbdataError {
  const { config } = place.context.home;
  return new ArbdataError('E_CONFIG', `${config}: submission.channels.${place.name} ${what}`, {
    advice,
    where: { file: config, column: `submission.channels.${place.name}` },
    ...(cause === undefined ? {} : { cause }),
  });
}
