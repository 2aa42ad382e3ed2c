/** Accounts of the console: names, roles, scopes of tokens, and which roles one account may hold together. */
import { z } from 'zod';

/** Roles of those who work with the figures. */
export const WORK_ROLES = ['leader', 'analyst', 'operator', 'approver'] as const;
/** The three administrations, which no account holds together with anything else. */
export const ADMINISTRATIONS = ['system-admin', 'security-admin', 'audit-admin'] as const;
export const ROLES = [...WORK_ROLES, 'district', ...ADMINISTRATIONS] as const;
export type Role = (typeof ROLES)[number];

/** Chinese names of the roles, as pages show them. */
export const ROLE_TITLES = {
  leader: '领导',
  analyst: '分析人员',
  operator: '操作人员',
  approver: '审批人员',
  district: '区级用户',
  'system-admin': '系统管理员',
  'security-admin': '安全管理员',
  'audit-admin': '审计管理员',
} as const satisfies Record<Role, string>;

export const isAdministration = (role: Role): boolean => (ADMINISTRATIONS as readonly Role[]).includes(role);

/**
 * What keeps roles from standing together, as an English sentence; undefined where nothing does. An account without
 * roles can sign in and see nothing but itself.
 */
export function rolesProblem(roles: readonly Role[], body: string | null): string | undefined {
  if (new Set(roles).size !== roles.length) return 'a role stands twice';
  const alone = roles.find((role) => role === 'district' || isAdministration(role));
  if (alone !== undefined && roles.length > 1) return `the role ${alone} stands alone`;
  if (roles.includes('district') !== (body !== null)) {
    return body === null
      ? 'the role district needs the code of its body'
      : 'only the role district is bound to a body';
  }
  return undefined;
}

/** a–z first, then a–z, 0–9, `.`, `-`, `_`: a name that no log, path or query can mistake for anything else. */
export const accountName = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{1,31}$/, 'must be 2 to 32 of a–z, 0–9, ".", "-", "_", a letter first');
export const role = z.enum(ROLES);
/** The code of an arbitration body. */
export const bodyCode = z.string().regex(/^[0-9A-Za-z_-]{1,20}$/, 'must be the code of a body');

/** What an API token may do; it never does more than its account. */
export const TOKEN_SCOPES = [
  'cockpit',
  'figures',
  'findings',
  'runs',
  'runs:start',
  'submissions',
  'files',
] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** Chinese names of the scopes, as pages show them. */
export const TOKEN_SCOPE_TITLES = {
  cockpit: '驾驶室',
  figures: '指标与案件',
  findings: '数据问题与预申请比对',
  runs: '查看运行、备份和计划',
  'runs:start': '发起运行',
  submissions: '报送与回执',
  files: '文件下载',
} as const satisfies Record<TokenScope, string>;
