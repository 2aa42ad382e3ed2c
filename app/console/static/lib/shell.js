/** The frame of every page: who is signed in, where one can go, the colours. */
import { ApiProblem, get, send, useToken } from './api.js';
import { byId, h, replace } from './dom.js';
import { loadLabels } from './labels.js';

/**
 * @typedef {{
 *   readonly account: { readonly name: string, readonly title: string, readonly roles: readonly string[], readonly roleTitles: readonly string[], readonly body: string | null, readonly secondFactor: boolean },
 *   readonly stage: 'second-factor' | 'change-password' | 'enrol' | 'full',
 *   readonly csrfToken: string,
 *   readonly expiresAt: string,
 * }} Session
 */

/** Roles that work with the data of every body. */
export const WORK_ROLES = ['leader', 'analyst', 'operator', 'approver'];
const VIEWERS = [...WORK_ROLES, 'district'];

/** Under which entry a page stands that has none of its own. @type {Readonly<Record<string, string>>} */
const PARENTS = {
  '/run': '/runs',
  '/start': '/runs',
  '/progress': '/runs',
  '/pre-application': '/comparison',
  '/submission': '/submissions',
};

/** Pages with the roles that may use them, as the API has it; the API alone decides. */
const PAGES = [
  { path: '/', title: '驾驶室', roles: VIEWERS },
  { path: '/accounts', title: '账号管理', roles: ['system-admin', 'security-admin', 'audit-admin'] },
  { path: '/audit', title: '审计记录', roles: ['audit-admin'] },
  { path: '/runs', title: '运行', roles: [...WORK_ROLES, 'system-admin'] },
  { path: '/findings', title: '数据问题', roles: VIEWERS },
  { path: '/agreement', title: '三方一致', roles: VIEWERS },
  { path: '/comparison', title: '预申请比对', roles: VIEWERS },
  { path: '/submissions', title: '报送与回执', roles: WORK_ROLES },
  { path: '/backups', title: '备份', roles: [...WORK_ROLES, 'system-admin'] },
  { path: '/files', title: '文件下载', roles: VIEWERS },
  { path: '/schedules', title: '计划', roles: [...WORK_ROLES, 'system-admin'] },
];

/** The pages that an account may open. @param {Session} session */
const pagesOf = (session) => PAGES.filter(({ roles }) => hasRole(session, roles));

/** Where an account begins: without any role at itself. @param {Session} session */
const homeOf = (session) => pagesOf(session)[0]?.path ?? '/account';

/**
 * Draw the frame. Who is not signed in, or not through with it, is sent to do so; who has no cockpit begins elsewhere.
 * @returns {Promise<Session>}
 */
async function startPage() {
  const session = await signedIn();
  useToken(session.csrfToken);
  const home = homeOf(session);
  if (location.pathname === '/' && home !== '/') {
    location.replace(home);
    return new Promise(() => undefined);
  }
  await loadLabels();
  replace(byId('frame'), ...frame(session));
  // On a phone the list of pages is longer than the screen.
  byId('frame').querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  return session;
}

/** @returns {Promise<Session>} */
async function signedIn() {
  try {
    const session = /** @type {Session} */ (await get('/api/session'));
    if (session.stage === 'full') return session;
    return toSignIn(true);
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
  }
  return toSignIn();
}

/**
 * Leave for the sign-in, and come back here afterwards.
 * @param {boolean} [isHalfWay] the session wants something more: a code, a new password, a second factor
 * @returns {Promise<never>}
 */
export function toSignIn(isHalfWay = false) {
  const next = `${location.pathname}${location.search}`;
  const query = new URLSearchParams({
    ...(next === '/' ? {} : { next }),
    ...(isHalfWay ? { step: 'next' } : {}),
  });
  location.replace(query.size === 0 ? '/sign-in' : `/sign-in?${query}`);
  return new Promise(() => undefined);
}

/**
 * Whether an account has one of some roles.
 * @param {Session} session
 * @param {readonly string[]} roles
 */
export function hasRole({ account }, roles) {
  return account.roles.some((role) => roles.includes(role));
}

/** @param {Session} session */
function frame(session) {
  const here = PARENTS[location.pathname] ?? location.pathname;
  return [
    h('a', { class: 'name', href: homeOf(session) }, '劳动人事争议仲裁数据服务'),
    h(
      'nav',
      { 'aria-label': '页面' },
      h(
        'ul',
        null,
        pagesOf(session).map(({ path, title }) =>
          h('li', null, h('a', { href: path, 'aria-current': path === here ? 'page' : null }, title)),
        ),
      ),
    ),
    h(
      'div',
      { class: 'person' },
      h('a', { href: '/account' }, session.account.title),
      themeSwitch(),
      h('button', { type: 'button', on: { click: () => void signOut() } }, '退出'),
    ),
  ];
}

async function signOut() {
  await send('/api/session', undefined, 'DELETE').catch(() => undefined);
  location.assign('/sign-in');
}

/** The other colours, named by what one gets. */
function themeSwitch() {
  const button = h('button', { type: 'button', id: 'theme' });
  const isDark = () => document.documentElement.dataset['theme'] === 'dark';
  const name = () => {
    button.textContent = isDark() ? '浅色' : '深色';
    button.setAttribute('aria-label', isDark() ? '切换为浅色' : '切换为深色');
  };
  button.addEventListener('click', () =>
    dispatchEvent(new CustomEvent('choosetheme', { detail: isDark() ? 'light' : 'dark' })),
  );
  addEventListener('themechange', name);
  name();
  return button;
}

/**
 * What went wrong, in words, where the page has room for it.
 * @param {unknown} error
 * @returns {HTMLElement}
 */
export function problemNotice(error) {
  return h('div', { class: 'notice bad', role: 'alert' }, h('strong', null, '未能完成'), problemText(error));
}

/** @param {unknown} error */
const problemText = (error) => (error instanceof Error ? error.message : String(error));

/** What a page waits for as long as nothing was made yet, and who makes it. @type {Readonly<Record<string, string>>} */
const MISSING = {
  '/': '驾驶室还没有更新过。操作人员可在“计划”中立即运行“驾驶室数据刷新”，完成后本页自动显示。',
  '/findings': '还没有完成过任何运行，因此没有检查结果。操作人员可在“运行”中发起“月度全流程”。',
  '/agreement': '还没有发布过任何月份，也没有更新过驾驶室。操作人员可在“运行”中发起“月度全流程”。',
  '/comparison': '还没有做过预申请比对。操作人员可在“运行”中发起“预申请比对”或“月度全流程”。',
};

/** Whether nothing of what a page shows was made yet. @param {unknown} error */
export const isNothingYet = (error) => error instanceof ApiProblem && error.code === 'nothing-yet';

/** What is missing, where the page would show it. @param {unknown} error */
function missingNotice(error) {
  const text = MISSING[location.pathname] ?? problemText(error);
  return h('div', { class: 'notice', role: 'status' }, h('strong', null, '尚无数据'), text);
}

/** Tell what went wrong in place of what a page would show. @param {unknown} error */
export function tellProblem(error) {
  const waiting = document.querySelector('#content > .nothing, #waiting');
  const notice = isNothingYet(error) ? missingNotice(error) : problemNotice(error);
  if (waiting === null) byId('main').prepend(notice);
  else waiting.replaceWith(notice);
  return notice;
}

/**
 * Start a page; what goes wrong is told on it.
 * @param {(session: Session) => Promise<void>} draw
 */
export async function runPage(draw) {
  try {
    await draw(await startPage());
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) await toSignIn();
    tellProblem(error);
  }
}
