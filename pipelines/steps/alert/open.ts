/** From config.json and the environment to the channels of alerts: every file and secret is read here, once. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../../schemas/config.ts';
import { ArbdataError } from '../../runtime/errors.ts';
import { fileError } from '../../runtime/files.ts';
import { Secret, secretFrom } from '../../runtime/secrets.ts';
import type { AlertChannel } from './channel.ts';
import { fileChannel } from './file.ts';
import { smtpChannel } from './smtp.ts';
import { webhookChannel } from './webhook.ts';

/**
 * The channels of config.json; nothing is connected yet.
 * @param configFile paths count from its folder
 * @throws {ArbdataError} E_CONFIG naming the key, the file or the variable that is wrong
 */
export function openAlertChannels(
  { alerts }: Pick<Config, 'alerts'>,
  configFile: string,
  environment: NodeJS.ProcessEnv,
): AlertChannel[] {
  const resolve = (file: string) => path.resolve(path.dirname(configFile), file);
  return Object.entries(alerts.channels).map(([name, config]) => {
    const secret = (what: string) => secretFrom(environment, variableOf(name, what));
    switch (config.kind) {
      case 'file':
        return fileChannel(name, resolve(config.path));
      case 'webhook':
        return webhookChannel(name, {
          url: webhookUrl(name, config.url, secret('URL')),
          ca: readPem(config.caFile, resolve),
          token: secret('TOKEN'),
          timeoutMs: config.timeoutSeconds * 1000,
        });
      case 'smtp': {
        const password = secret('PASSWORD');
        if ((config.user === undefined) !== (password === undefined)) {
          throw configError(
            `alerts.channels.${name}: a user and ${variableOf(name, 'PASSWORD')} go together`,
            `Set both or neither.`,
          );
        }
        const { timeoutSeconds, caFile, ...rest } = config;
        return smtpChannel(name, {
          ...rest,
          password,
          ca: readPem(caFile, resolve),
          timeoutMs: timeoutSeconds * 1000,
        });
      }
      default:
        return config satisfies never;
    }
  });
}

function variableOf(name: string, what: string): string {
  return `ARBDATA_ALERT_${name.toUpperCase().replaceAll('-', '_')}_${what}`;
}

function webhookUrl(name: string, url: string | undefined, secret: Secret | undefined): Secret {
  const variable = variableOf(name, 'URL');
  if ((url === undefined) === (secret === undefined)) {
    const what = url === undefined ? 'has no address' : 'has two addresses';
    throw configError(`alerts.channels.${name} ${what}`, `Give either url or ${variable}.`);
  }
  const chosen = secret ?? new Secret(url ?? '');
  if (!URL.canParse(chosen.reveal()) || new URL(chosen.reveal()).protocol !== 'https:')
    throw configError(`${variable} is no https:// address`, 'Correct it; its value is not shown.');
  return chosen;
}

function readPem(file: string | undefined, resolve: (file: string) => string): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(resolve(file), 'utf8');
  } catch (error) {
    throw fileError(error, resolve(file));
  }
}

function configError(message: string, advice: string): ArbdataError {
  return new ArbdataError('E_CONFIG', message, { advice });
}
