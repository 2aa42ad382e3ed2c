/** account: the accounts of the console, as the owner of the home administers them. */
import type { Command } from 'commander';
import {
  addAccount,
  getAccount,
  giveRoles,
  ROLES,
  type Role,
  resetPassword,
  resetSecondFactor,
  type ShownAccount,
  setAccountState,
  shownAccount,
  unlockAccount,
} from '../../pipelines/accounts.ts';
import { ArbdataError } from '../../pipelines/runtime/errors.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { visible } from '../../pipelines/runtime/visible.ts';
import { examplesText, type Register } from '../register.ts';
import type { CommandResult } from '../result.ts';
import { tableLines } from '../table.ts';

interface RoleOptions {
  body?: string;
  title?: string;
}

const ROLES_TEXT = `roles, joined with a comma: ${ROLES.join(', ')}; none: ""`;

export function registerAccount(program: Command, register: Register): void {
  const account = program
    .command('account')
    .description('accounts of the console')
    .addHelpText('after', examplesText(['arbdata account list', 'arbdata account add li.na analyst']));
  register(account.command('list').description('every account, without secrets'), list, [
    'arbdata account list',
  ]);
  register<RoleOptions>(
    account
      .command('add <name> [roles]')
      .description(`make an account with a one-time password (${ROLES_TEXT})`)
      .option('--body <code>', 'the body that a district account is bound to')
      .option('--title <text>', "the person's name as pages show it"),
    async (service, options, [name = '', roles = '']) => {
      const request = { name, roles: readRoles(roles), title: options.title ?? '', body: options.body };
      const { password } = await addAccount(service, service, request);
      return passwordResult(service, name, `made account ${name}`, password);
    },
    ['arbdata account add li.na analyst,operator', 'arbdata account add dongcheng district --body 110101'],
  );
  register<RoleOptions>(
    account
      .command('roles <name> <roles>')
      .description(`give an account other roles (${ROLES_TEXT})`)
      .option('--body <code>', 'the body that a district account is bound to'),
    async (service, { body }, [name = '', roles = '']) => {
      await giveRoles(service, service, { name, roles: readRoles(roles), body });
      return shownResult(service, name, `changed the roles of ${name}; its sessions have ended`);
    },
    ['arbdata account roles li.na approver'],
  );
  for (const [verb, state] of [
    ['disable', 'disabled'],
    ['enable', 'enabled'],
  ] as const) {
    register(
      account.command(`${verb} <name>`).description(`${verb} an account; its sessions end`),
      async (service, _options, [name = '']) => {
        await setAccountState(service, service, name, state);
        return shownResult(service, name, `${state} account ${name}`);
      },
      [`arbdata account ${verb} li.na`],
    );
  }
  register<{ secondFactor?: boolean }>(
    account
      .command('reset <name>')
      .description('give an account a one-time password; a lock-out ends')
      .option('--second-factor', 'also take the second factor away, to be set up anew'),
    async (service, { secondFactor }, [name = '']) => {
      const { password } = await resetPassword(service, service, name);
      if (secondFactor === true) await resetSecondFactor(service, service, name);
      return passwordResult(service, name, `reset account ${name}; its sessions have ended`, password);
    },
    ['arbdata account reset li.na', 'arbdata account reset admin --second-factor'],
  );
  register(
    account.command('unlock <name>').description('end a lock-out before its time'),
    async (service, _options, [name = '']) => {
      await unlockAccount(service, service, name);
      return shownResult(service, name, `unlocked account ${name}`);
    },
    ['arbdata account unlock li.na'],
  );
}

async function list(service: Service): Promise<CommandResult> {
  const accounts = (await service.ledger.accounts.list()).map(shownAccount);
  return {
    json: { accounts },
    lines:
      accounts.length === 0
        ? ['No account yet: the first start of the service makes one.']
        : tableLines<ShownAccount>(
            [
              { title: 'name', value: ({ name }) => name },
              { title: 'title', value: ({ title }) => visible(title) },
              {
                title: 'roles',
                value: ({ roles, body }) => [roles.join(', ') || '—', body ?? ''].join(' ').trim(),
              },
              { title: 'state', value: ({ state }) => state },
              { title: 'second factor', value: ({ secondFactor }) => (secondFactor ? 'yes' : 'no') },
              { title: 'locked until', value: ({ lockedUntil }) => lockedUntil?.slice(0, 19) ?? '' },
              { title: 'last sign-in', value: ({ lastSignInAt }) => lastSignInAt?.slice(0, 19) ?? '—' },
            ],
            accounts,
          ),
  };
}

async function shownResult(service: Service, name: string, line: string): Promise<CommandResult> {
  return { json: { account: shownAccount(await getAccount(service, name)) }, lines: [line] };
}

async function passwordResult(
  service: Service,
  name: string,
  line: string,
  password: string,
): Promise<CommandResult> {
  const { oneTimeUntil, ...account } = await getAccount(service, name);
  return {
    json: {
      account: shownAccount({ ...account, oneTimeUntil }),
      oneTimePassword: password,
      validUntil: oneTimeUntil,
    },
    lines: [
      line,
      `one-time password: ${password}`,
      `  shown once; good until ${oneTimeUntil?.slice(0, 16) ?? '—'}, to be changed at the first sign-in`,
    ],
  };
}

function readRoles(text: string): Role[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .map((word) => {
      const found = ROLES.find((known) => known === word);
      if (found !== undefined) return found;
      throw new ArbdataError('E_USAGE', `there is no role ${JSON.stringify(word)}`, {
        advice: `Roles are ${ROLES.join(', ')}.`,
      });
    });
}
