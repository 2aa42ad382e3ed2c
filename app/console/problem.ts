/** What a client is told when something is refused: a status, a code, a Chinese sentence; nothing of the inside. */
import { ArbdataError, type ErrorCode } from '../../pipelines/runtime/errors.ts';

/** Every code of a refusal with its status and sentence; docs/console.md lists them. */
export const PROBLEMS = {
  'bad-request': { status: 400, text: '请求有误' },
  'sign-in-refused': { status: 401, text: '账号、口令或验证码不正确，或账号暂不可用' },
  'not-signed-in': { status: 401, text: '请先登录' },
  forbidden: { status: 403, text: '没有权限' },
  'not-same-origin': { status: 403, text: '请求来源不符' },
  'csrf-token': { status: 403, text: '页面已过期，请刷新后重试' },
  'unfinished-sign-in': { status: 403, text: '登录尚未完成' },
  'not-found': { status: 404, text: '没有找到' },
  'nothing-yet': { status: 404, text: '尚无数据' },
  'method-not-allowed': { status: 405, text: '不支持该请求方式' },
  conflict: { status: 409, text: '与当前状态冲突' },
  'other-version': { status: 409, text: '数据已更新，请重新读取' },
  'too-large': { status: 413, text: '请求内容过大' },
  'address-too-long': { status: 414, text: '请求地址过长' },
  'media-type': { status: 415, text: '请求内容须为JSON' },
  'other-host': { status: 421, text: '访问地址不符' },
  'password-refused': { status: 422, text: '口令不符合要求' },
  'not-possible': { status: 422, text: '目前不能办理' },
  'too-many': { status: 429, text: '请求过于频繁，请稍后再试' },
  internal: { status: 500, text: '系统内部错误' },
  damaged: { status: 503, text: '数据文件损坏，请联系管理员' },
  unavailable: { status: 503, text: '暂时无法处理，请稍后再试' },
} as const satisfies Record<string, { readonly status: number; readonly text: string }>;
export type ProblemCode = keyof typeof PROBLEMS;

export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly code: ProblemCode;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Further members of the answer. */
  readonly more: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    options: {
      readonly text?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly more?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(code);
    this.code = code;
    this.text = options.text ?? PROBLEMS[code].text;
    this.headers = options.headers ?? {};
    this.more = options.more ?? {};
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** Our own errors that a client may learn of; every other one is `internal`. */
const KNOWN: Partial<Record<ErrorCode, ProblemCode>> = {
  E_NOT_FOUND: 'not-found',
  E_NOTHING_YET: 'nothing-yet',
  E_USAGE: 'not-possible',
  E_PERIOD: 'bad-request',
  E_DATE: 'bad-request',
  E_ACCOUNT: 'not-possible',
  E_FORBIDDEN: 'forbidden',
  E_SIGN_IN: 'sign-in-refused',
  E_NOT_RELEASABLE: 'not-possible',
  E_NOT_SUBMITTABLE: 'not-possible',
  E_RUN_LOCKED: 'conflict',
  E_ARTEFACT_DAMAGED: 'damaged',
  E_SNAPSHOT_DAMAGED: 'damaged',
  E_DISK_FULL: 'unavailable',
};

/** Anything that was thrown as what the client is told; undefined where that is a defect to be logged. */
export function problemOf(error: unknown): HttpProblem | undefined {
  if (error instanceof HttpProblem) return error;
  if (!(error instanceof ArbdataError)) return undefined;
  // Its message is a sentence of ours for the person who chooses the password.
  if (error.code === 'E_PASSWORD') return new HttpProblem('password-refused', { text: error.message });
  if (error.code === 'E_RATE_LIMIT') {
    return new HttpProblem('too-many', { headers: { 'retry-after': error.where.record ?? '60' } });
  }
  const code = KNOWN[error.code];
  return code === undefined ? undefined : new HttpProblem(code);
}
