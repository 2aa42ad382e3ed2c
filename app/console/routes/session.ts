/** Signing in and out, the second factor, the own password, the own API tokens. */
import { z } from 'zod';
import { type ApiToken, accountName, ROLE_TITLES, role, TOKEN_SCOPES } from '../../../pipelines/accounts.ts';
import { stampToMs } from '../../../pipelines/runtime/clock.ts';
import type { Service } from '../../../pipelines/runtime/service.ts';
import type { Begun, Principal } from '../../../pipelines/sign-in.ts';
import { nullableText, stamp, text, title } from '../fields.ts';
import { HttpProblem } from '../problem.ts';
import { publicRoute, type Reply, type Route, route, VIEWERS } from '../route.ts';

const stage = z.enum(['second-factor', 'change-password', 'enrol', 'full']);
const sessionAnswer = z.strictObject({
  account: z.strictObject({
    name: text,
    title: text,
    roles: z.array(role),
    /** As pages show them. */
    roleTitles: z.array(text),
    body: nullableText,
    secondFactor: z.boolean(),
  }),
  /** What is still to be done before anything else can be used. */
  stage,
  csrfToken: text,
  expiresAt: stamp,
});
const secret = z.string().min(1).max(200);
const code = z
  .string()
  .trim()
  .min(6)
  .max(20)
  .regex(/^[A-Za-z0-9-]+$/);
const ANY_STAGE = ['second-factor', 'change-password', 'enrol', 'full'] as const;

function sessionOf({ account, stage: reached, session }: Principal): z.infer<typeof sessionAnswer> {
  if (session === undefined) throw new HttpProblem('forbidden');
  const { name, title: shown, roles, orgCode, totpConfirmed } = account;
  return {
    account: {
      name,
      title: shown,
      roles: [...roles],
      roleTitles: roles.map((one) => ROLE_TITLES[one]),
      body: orgCode,
      secondFactor: totpConfirmed,
    },
    stage: reached,
    csrfToken: session.csrfToken,
    expiresAt: session.expiresAt,
  };
}

const begun = ({ id, principal }: Begun): Reply => ({ json: sessionOf(principal), session: id });

export const SESSION_ROUTES: readonly Route[] = [
  publicRoute({
    method: 'POST',
    path: '/api/session',
    summary: 'Sign in with name and password; the answer says what is still to be done.',
    roles: 'public',
    body: z.strictObject({ name: z.string().min(1).max(100), password: secret }),
    answer: sessionAnswer,
    handle: async ({ door, address, oldSession }, { body: { name, password } }) => {
      // A name that cannot be one takes the same way as one that is not known.
      const known = accountName.safeParse(name).success ? name : '';
      return begun(await door.signIn(known, password, { address, oldSession }));
    },
  }),
  route({
    method: 'GET',
    path: '/api/session',
    summary: 'Who is signed in, and the token that changes must carry.',
    roles: 'any',
    stages: ANY_STAGE,
    shows: 'none',
    answer: sessionAnswer,
    handle: async ({ principal }) => ({ json: sessionOf(principal) }),
  }),
  route({
    method: 'POST',
    path: '/api/session/second-factor',
    summary: 'Give the code of the app, or a recovery code.',
    roles: 'any',
    stages: ['second-factor'],
    shows: 'none',
    body: z.strictObject({ code }),
    answer: sessionAnswer,
    handle: async ({ door, principal, address }, { body }) =>
      begun(await door.passSecondFactor(principal, body.code, address)),
  }),
  route({
    method: 'POST',
    path: '/api/session/password',
    summary: 'Change the own password; all other sessions end.',
    roles: 'any',
    stages: ['change-password', 'enrol', 'full'],
    shows: 'none',
    body: z.strictObject({ present: secret, wanted: secret }),
    answer: sessionAnswer,
    handle: async ({ door, principal, address }, { body }) =>
      begun(await door.changePassword(principal, body, address)),
  }),
  route({
    method: 'POST',
    path: '/api/session/enrolment',
    summary: 'Begin to set up a second factor: the secret for the app, shown once.',
    roles: 'any',
    stages: ['enrol', 'full'],
    shows: 'none',
    answer: z.strictObject({ secret: text, uri: text }),
    handle: async ({ door, principal }) => ({ json: await door.enrol(principal) }),
  }),
  route({
    method: 'POST',
    path: '/api/session/enrolment/confirmation',
    summary: 'Confirm the second factor with a code of the app; the recovery codes, shown once.',
    roles: 'any',
    stages: ['enrol', 'full'],
    shows: 'none',
    body: z.strictObject({ code }),
    answer: z.strictObject({ session: sessionAnswer, recoveryCodes: z.array(text) }),
    handle: async ({ door, principal, address }, { body }) => {
      const { recoveryCodes, ...next } = await door.confirmEnrolment(principal, body.code, address);
      return { json: { session: sessionOf(next.principal), recoveryCodes }, session: next.id };
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/session',
    summary: 'Sign out.',
    roles: 'any',
    stages: ANY_STAGE,
    shows: 'none',
    handle: async ({ door, principal }) => {
      await door.signOut(principal);
      return { session: null };
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/sessions',
    summary: 'Sign out everywhere: all sessions of the own account end.',
    roles: 'any',
    shows: 'none',
    handle: async ({ door, principal }) => {
      await door.signOutEverywhere(principal);
      return { session: null };
    },
  }),
];

const shownToken = z.strictObject({
  id: text,
  title: text,
  scopes: z.array(z.enum(TOKEN_SCOPES)),
  createdAt: stamp,
  expiresAt: stamp,
  lastUsedAt: nullableText,
  revokedAt: nullableText,
  /** Neither revoked nor over. */
  isValid: z.boolean(),
});
export const tokenList = z.strictObject({ tokens: z.array(shownToken) });
export const tokenId = z.string().regex(/^T[0-9a-f]{12}$/);

/** Whether a moment has passed; null never does. */
export const isOver = (clock: Service['clock'], stampOrNull: string | null): boolean =>
  stampOrNull !== null && stampToMs(stampOrNull) <= clock.now().getTime();

/** Tokens without what they open with. */
export const tokenOf =
  (clock: Service['clock']) =>
  ({ id, title: name, scopes, createdAt, expiresAt, lastUsedAt, revokedAt }: ApiToken): object => {
    const isValid = revokedAt === null && !isOver(clock, expiresAt);
    return { id, title: name, scopes, createdAt, expiresAt, lastUsedAt, revokedAt, isValid };
  };

export const TOKEN_ROUTES: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/tokens',
    summary: 'The own API tokens.',
    roles: VIEWERS,
    shows: 'none',
    answer: tokenList,
    handle: async ({ service, principal }) => ({
      json: {
        tokens: (await service.ledger.accounts.tokens(principal.account.name)).map(tokenOf(service.clock)),
      },
    }),
  }),
  route({
    method: 'POST',
    path: '/api/tokens',
    summary: 'Make an API token; its text is shown once.',
    roles: VIEWERS,
    shows: 'none',
    body: z.strictObject({
      title,
      scopes: z.array(z.enum(TOKEN_SCOPES)).min(1).max(TOKEN_SCOPES.length),
      days: z.int().min(1).max(366),
    }),
    answer: z.strictObject({ id: text, token: text, expiresAt: stamp }),
    handle: async ({ door, principal }, { body }) => ({
      status: 201,
      json: await door.issueToken(principal, body),
    }),
  }),
  route({
    method: 'DELETE',
    path: '/api/tokens/:token',
    summary: 'Revoke an own API token.',
    roles: VIEWERS,
    shows: 'none',
    params: z.strictObject({ token: tokenId }),
    handle: async ({ service, principal }, { params: { token } }) => {
      const audit = { actor: principal.actor, action: 'token.revoke', subject: token };
      const which = { id: token, account: principal.account.name };
      if (!(await service.ledger.accounts.revokeToken(which, audit))) throw new HttpProblem('not-found');
      return {};
    },
  }),
];
