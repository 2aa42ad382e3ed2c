/** 账号管理: every account, and what the system or the security administrator may do with it; the auditor looks. */
import { get, send } from '../lib/api.js';
import { openSheet, secret } from '../lib/dialog.js';
import { byId, h, replace } from '../lib/dom.js';
import { actionForm, boxes, field, filled, goodNotice } from '../lib/form.js';
import { label } from '../lib/labels.js';
import { factList, listPanel } from '../lib/list.js';
import { hasRole, runPage, WORK_ROLES } from '../lib/shell.js';
import { tokenColumns } from '../lib/tokens.js';
import { minute } from '../lib/words.js';

/** @typedef {import('../lib/shell.js').Session} Session */
/** @typedef {import('../lib/tokens.js').Token} Token */
/** @typedef {Omit<import('../../../../pipelines/accounts.ts').ShownAccount, 'roles'> & { readonly roles: readonly string[] }} Account */

const ADMINISTRATIONS = ['system-admin', 'security-admin', 'audit-admin'];
/** Administrations whose first account the system administrator makes. */
const FIRST_ONES = ['security-admin', 'audit-admin'];

/** @param {readonly string[]} roles */
const isAdministrator = (roles) => roles.some((role) => ADMINISTRATIONS.includes(role));

/** @param {string} account */
const pathOf = (account) => `/api/accounts/${encodeURIComponent(account)}`;

class AccountsPage {
  list = h('div', null);
  /** @type {readonly Account[]} */
  accounts = [];

  /** @param {Session} session */
  constructor(session) {
    this.own = session.account.name;
    this.isSystem = hasRole(session, ['system-admin']);
    this.isSecurity = hasRole(session, ['security-admin']);
  }

  async read() {
    this.accounts = /** @type {{ accounts: Account[] }} */ (await get('/api/accounts')).accounts;
    const mayAct = this.isSystem || this.isSecurity;
    replace(
      this.list,
      listPanel(mayAct ? [...COLUMNS, this.actColumn] : COLUMNS, this.accounts, {
        caption: '账号',
        none: '没有账号',
        title: `账号（${this.accounts.length}）`,
      }),
    );
  }

  /** @type {import('../lib/table.js').Column<Account>} */
  get actColumn() {
    return {
      title: '操作',
      kind: 'key',
      value: (account) =>
        account.name === this.own
          ? '本人'
          : h('button', { type: 'button', class: 'small', on: { click: () => this.open(account) } }, '办理'),
    };
  }

  /** What can be done with an account. @param {Account} account */
  open(account) {
    const place = h('div', { class: 'stack' });
    replace(
      place,
      factList([
        ['姓名', account.title],
        ['角色', roleText(account)],
        ['状态', stateChips(account)],
      ]),
      this.isSystem ? this.systemForms(account, place) : null,
      this.isSecurity ? this.securityForms(account) : null,
    );
    const dialog = openSheet(account.name, { closed: () => void this.read() }, place);
    this.close = () => dialog.close();
  }

  /**
   * @param {Account} account
   * @param {HTMLElement} place where a one-time password is shown
   */
  systemForms({ name, roles, state }, place) {
    const isEnabled = state === 'enabled';
    const isLast =
      isEnabled &&
      roles.includes('system-admin') &&
      this.accounts.filter((one) => one.roles.includes('system-admin') && one.state === 'enabled').length < 2;
    return [
      isLast
        ? h('p', { class: 'soft' }, '这是唯一启用的系统管理员，不能停用。')
        : this.action(isEnabled ? '停用账号' : '启用账号', () =>
            send(`${pathOf(name)}/state`, { state: isEnabled ? 'disabled' : 'enabled' }),
          ),
      isAdministrator(roles)
        ? h('p', { class: 'soft' }, `管理员的口令只能在服务器上重置：arbdata account reset ${name}`)
        : actionForm({
            fields: null,
            isMain: false,
            button: '重置口令',
            done: async () => showPassword(place, await send(`${pathOf(name)}/password`)),
          }),
    ];
  }

  /** @param {Account} account */
  securityForms(account) {
    const { name, roles, lockedUntil, secondFactor } = account;
    const path = pathOf(name);
    return [
      h('section', null, h('h3', null, '角色'), this.roleForm(account)),
      lockedUntil === null ? null : this.action('解除锁定', () => send(`${path}/lock`, undefined, 'DELETE')),
      this.action('结束所有登录', () => send(`${path}/sessions`, undefined, 'DELETE')),
      secondFactor && !isAdministrator(roles)
        ? this.action('取消二次验证', () => send(`${path}/second-factor`, undefined, 'DELETE'))
        : null,
      tokenSection(name),
    ];
  }

  /** The four kinds of work may stand together; every other role stands alone. @param {Account} account */
  roleForm({ name, roles, body }) {
    const present = roles.find((role) => !WORK_ROLES.includes(role)) ?? (roles.length > 0 ? 'work' : '');
    const alone = ['district', ...ADMINISTRATIONS].map((role) => [role, label('roles', role)]);
    const kinds = [['', '无角色'], ['work', '业务人员（可兼任）'], ...alone];
    const kind = h(
      'select',
      { name: 'kind' },
      kinds.map(([value, text]) => h('option', { value, selected: value === present }, text ?? '')),
    );
    const work = boxes(
      'roles',
      '业务角色',
      WORK_ROLES.map((role) => [role, label('roles', role)]),
      roles,
    );
    const ofBody = field('body', '机构代码', {
      value: body,
      pattern: '[0-9A-Za-z_\\-]{1,20}',
      hint: '例如110101',
    });
    const input = /** @type {HTMLInputElement} */ (ofBody.querySelector('input'));
    const choose = () => {
      work.hidden = kind.value !== 'work';
      ofBody.hidden = kind.value !== 'district';
      input.disabled = ofBody.hidden;
    };
    kind.addEventListener('change', choose);
    choose();
    return actionForm({
      fields: [h('label', null, '类别', kind), work, ofBody],
      button: '变更角色',
      done: async (data) => {
        const chosen = kind.value === 'work' ? data.getAll('roles').map(String) : [kind.value];
        if (chosen.length === 0) throw new Error('请至少选择一个业务角色');
        const given = { roles: chosen.filter((role) => role !== ''), ...bodyOf(data) };
        await send(`${pathOf(name)}/roles`, given);
        this.close();
      },
    });
  }

  close() {}

  /**
   * One button that does one thing, and then shows the list anew.
   * @param {string} button
   * @param {() => Promise<unknown>} act
   */
  action(button, act) {
    return actionForm({
      fields: null,
      isMain: false,
      button,
      done: async () => {
        await act();
        this.close();
      },
    });
  }

  makePanel() {
    const place = h('div', { class: 'stack' });
    const vacant = FIRST_ONES.filter(
      (role) => !this.accounts.some((one) => one.state === 'enabled' && one.roles.includes(role)),
    );
    const form = actionForm({
      fields: [
        field('name', '账号', {
          pattern: '[a-z][a-z0-9._\\-]{1,31}',
          autocapitalize: 'none',
          spellcheck: 'false',
          hint: '小写字母开头，2至32个小写字母、数字或 . _ -',
        }),
        field('title', '姓名', { maxlength: 60 }),
        vacant.length === 0
          ? null
          : h(
              'label',
              null,
              '角色',
              h(
                'select',
                { name: 'role' },
                h('option', { value: '' }, '由安全管理员授予'),
                vacant.map((role) => h('option', { value: role }, label('roles', role))),
              ),
            ),
      ],
      button: '新建账号',
      done: async (data, made) => {
        const { role, ...given } = filled(data);
        if (this.accounts.some(({ name }) => name === given['name'])) throw new Error('已有这个账号');
        const body = { ...given, roles: role === undefined ? [] : [role] };
        const answer = /** @type {OneTime} */ (await send('/api/accounts', body));
        made.reset();
        showPassword(place, answer);
        await this.read();
      },
    });
    return h('section', { class: 'panel stack' }, h('h2', null, '新建账号'), form, place);
  }
}

/** @typedef {{ readonly name: string, readonly oneTimePassword: string }} OneTime */

/**
 * @param {HTMLElement} place
 * @param {OneTime} made
 */
function showPassword(place, { name, oneTimePassword }) {
  replace(
    place,
    goodNotice(`${name} 的一次性口令`, '它只显示这一次，请当面或以安全方式交给本人；首次登录须修改。'),
    secret(oneTimePassword),
  );
}

/** @param {FormData} data */
const bodyOf = (data) => (data.has('body') ? { body: String(data.get('body')).trim() } : {});

/** The API tokens of an account, which can be taken away. @param {string} name */
function tokenSection(name) {
  const place = h('section', null, h('h3', null, 'API令牌'));
  const list = h('div', null, '正在读取…');
  place.append(list);
  const draw = async () => {
    const { tokens } = /** @type {{ tokens: Token[] }} */ (await get(`${pathOf(name)}/tokens`));
    const columns = tokenColumns(async ({ id }) => {
      await send(`${pathOf(name)}/tokens/${id}`, undefined, 'DELETE');
      await draw();
    });
    replace(list, listPanel(columns, tokens, { caption: '令牌', none: '没有令牌' }));
  };
  draw().catch(() => replace(list, '令牌暂时读不到'));
  return place;
}

/** @param {Account} account */
const roleText = ({ roles }) => roles.map((role) => label('roles', role)).join('、') || '无';

/** @param {Account} account */
function stateChips({ state, lockedUntil, mustChange }) {
  return [
    state === 'enabled'
      ? h('span', { class: 'chip good' }, '启用')
      : h('span', { class: 'chip bad' }, '停用'),
    lockedUntil === null ? null : [' ', h('span', { class: 'chip warn' }, `锁定至${minute(lockedUntil)}`)],
    mustChange ? [' ', h('span', { class: 'chip' }, '待改口令')] : null,
  ];
}

/** @type {readonly import('../lib/table.js').Column<Account>[]} */
const COLUMNS = [
  { title: '账号', kind: 'key', isHead: true, value: ({ name }) => name },
  { title: '姓名', kind: 'key', value: ({ title }) => title },
  { title: '角色', value: roleText },
  { title: '机构', kind: 'key', value: ({ body }) => body },
  { title: '状态', kind: 'key', value: stateChips },
  { title: '二次验证', kind: 'key', value: ({ secondFactor }) => (secondFactor ? '已设置' : '未设置') },
  { title: '最近登录', kind: 'key', value: ({ lastSignInAt }) => minute(lastSignInAt) },
  {
    title: '新建',
    kind: 'key',
    value: ({ createdAt, createdBy }) => h('span', { title: createdBy }, minute(createdAt)),
  },
];

void runPage(async (session) => {
  const page = new AccountsPage(session);
  await page.read();
  replace(byId('content'), h('div', { class: 'stack' }, page.isSystem ? page.makePanel() : null, page.list));
});
