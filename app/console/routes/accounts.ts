/** The three administrations: accounts, roles, the audit record. */
import { z } from 'zod';
import {
  type Account,
  accountName,
  addAccount,
  bodyCode,
  endSessions,
  getAccount,
  giveRoles,
  resetPassword,
  resetSecondFactor,
  role,
  setAccountState,
  shownAccount,
  unlockAccount,
} from '../../../pipelines/accounts.ts';
import type { Service } from '../../../pipelines/runtime/service.ts';
import { anything, DEFAULT_LIMIT, day, nullableText, stamp, text, title, upTo } from '../fields.ts';
import { HttpProblem } from '../problem.ts';
import { type Context, type Route, route } from '../route.ts';
import { isOver, tokenId, tokenList, tokenOf } from './session.ts';

const SYSTEM = ['system-admin'] as const;
const SECURITY = ['security-admin'] as const;
const AUDIT = ['audit-admin'] as const;

const shown = z.strictObject({
  name: text,
  title: text,
  roles: z.array(role),
  body: nullableText,
  state: z.enum(['enabled', 'disabled']),
  secondFactor: z.boolean(),
  mustChange: z.boolean(),
  lockedUntil: nullableText,
  createdAt: stamp,
  createdBy: text,
  lastSignInAt: nullableText,
});
const oneAccount = z.strictObject({ account: accountName });
const roles = z.array(role).max(8);
const oneTimePassword = z.strictObject({ name: text, oneTimePassword: text });

/** A lock that is over is none. */
function present({ clock }: Service, account: Account): object {
  const { lockedUntil, ...shownHere } = shownAccount(account);
  return { ...shownHere, lockedUntil: isOver(clock, lockedUntil) ? null : lockedUntil };
}

const by = ({ principal: { actor, account } }: Context) => ({ actor, account });

export const ACCOUNT_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/accounts',
    summary: 'Every account, without secrets.',
    roles: [...SYSTEM, ...SECURITY, ...AUDIT],
    shows: 'city',
    answer: z.strictObject({ accounts: z.array(shown) }),
    handle: async ({ service }) => ({
      json: { accounts: (await service.ledger.accounts.list()).map((one) => present(service, one)) },
    }),
  }),
  route({
    method: 'POST',
    path: '/api/accounts',
    summary:
      'Make an account without roles (or the first security or audit administrator); its one-time password.',
    roles: SYSTEM,
    shows: 'city',
    body: z.strictObject({ name: accountName, title, roles: roles.optional() }),
    answer: oneTimePassword,
    handle: async (context, { body }) => {
      const { password } = await addAccount(
        context.service,
        by(context),
        { ...body, roles: body.roles ?? [] },
        context.door.hasher,
      );
      return { status: 201, json: { name: body.name, oneTimePassword: password } };
    },
  }),
  route({
    method: 'POST',
    path: '/api/accounts/:account/state',
    summary: 'Disable or enable an account; its sessions end.',
    roles: SYSTEM,
    shows: 'city',
    params: oneAccount,
    body: z.strictObject({ state: z.enum(['enabled', 'disabled']) }),
    handle: async (context, { params, body }) => {
      await setAccountState(context.service, by(context), params.account, body.state);
      return {};
    },
  }),
  route({
    method: 'POST',
    path: '/api/accounts/:account/password',
    summary: 'Give an account a one-time password.',
    roles: SYSTEM,
    shows: 'city',
    params: oneAccount,
    answer: oneTimePassword,
    handle: async (context, { params: { account } }) => {
      const { password } = await resetPassword(context.service, by(context), account, context.door.hasher);
      return { json: { name: account, oneTimePassword: password } };
    },
  }),
  route({
    method: 'POST',
    path: '/api/accounts/:account/roles',
    summary: 'Give an account other roles; its sessions end.',
    roles: SECURITY,
    shows: 'city',
    params: oneAccount,
    body: z.strictObject({ roles, body: bodyCode.optional() }),
    handle: async (context, { params, body }) => {
      await giveRoles(context.service, by(context), { name: params.account, ...body });
      return {};
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/accounts/:account/second-factor',
    summary: 'Take the second factor of an account away, to be set up anew.',
    roles: SECURITY,
    shows: 'city',
    params: oneAccount,
    handle: async (context, { params }) => {
      await resetSecondFactor(context.service, by(context), params.account);
      return {};
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/accounts/:account/lock',
    summary: 'End a lock-out before its time.',
    roles: SECURITY,
    shows: 'city',
    params: oneAccount,
    handle: async (context, { params }) => {
      await unlockAccount(context.service, by(context), params.account);
      return {};
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/accounts/:account/sessions',
    summary: 'End all sessions of an account.',
    roles: SECURITY,
    shows: 'city',
    params: oneAccount,
    handle: async (context, { params }) => {
      await endSessions(context.service, by(context), params.account);
      return {};
    },
  }),
  route({
    method: 'GET',
    path: '/api/accounts/:account/tokens',
    summary: 'The API tokens of an account.',
    roles: SECURITY,
    shows: 'city',
    params: oneAccount,
    answer: tokenList,
    handle: async ({ service }, { params }) => {
      const { name } = await getAccount(service, params.account);
      return { json: { tokens: (await service.ledger.accounts.tokens(name)).map(tokenOf(service.clock)) } };
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/accounts/:account/tokens/:token',
    summary: 'Revoke an API token of an account.',
    roles: SECURITY,
    shows: 'city',
    params: z.strictObject({ account: accountName, token: tokenId }),
    handle: async ({ service, principal }, { params: { account, token } }) => {
      const audit = { actor: principal.actor, action: 'token.revoke', subject: token, detail: { account } };
      if (!(await service.ledger.accounts.revokeToken({ id: token, account }, audit)))
        throw new HttpProblem('not-found');
      return {};
    },
  }),
];

const record = z.strictObject({
  seq: z.int(),
  at: stamp,
  actor: text,
  action: text,
  subject: text,
  detail: z.unknown(),
  previousHash: text,
  hash: text,
});

export const AUDIT_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/audit',
    summary: 'The audit record, the latest first.',
    roles: AUDIT,
    shows: 'city',
    query: z.strictObject({
      before: upTo(999_999_999),
      limit: upTo(500),
      actor: z.string().max(60).optional(),
      action: z
        .string()
        .regex(/^[a-z.-]{1,40}$/)
        .optional(),
      subject: z.string().max(200).optional(),
      from: day.optional(),
      until: day.optional(),
    }),
    answer: z.strictObject({ records: z.array(record) }),
    handle: async ({ service }, { query: { limit, ...filter } }) => ({
      json: { records: await service.ledger.latestAudit({ ...filter, limit: limit ?? DEFAULT_LIMIT }) },
    }),
  }),
  route({
    method: 'GET',
    path: '/api/audit/verification',
    summary: 'Recompute the chain of the audit record.',
    roles: AUDIT,
    shows: 'city',
    answer: anything,
    handle: async ({ service }) => ({ json: await service.ledger.verifyAudit() }),
  }),
];
