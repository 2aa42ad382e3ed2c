/** 我的账号: who one is here, the own password, and signing out everywhere. */
import { send, useToken } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { factList } from '../lib/list.js';
import { problemNotice, runPage } from '../lib/shell.js';

/** @typedef {import('../lib/shell.js').Session} Session */

const ROLES = /** @type {Readonly<Record<string, string>>} */ ({
  leader: '领导',
  analyst: '分析人员',
  operator: '操作人员',
  approver: '审批人员',
  district: '区级用户',
  'system-admin': '系统管理员',
  'security-admin': '安全管理员',
  'audit-admin': '审计管理员',
});

void runPage(async ({ account, expiresAt }) => {
  const leave = h('button', { type: 'button' }, '退出所有设备');
  leave.addEventListener('click', async () => {
    await send('/api/sessions', undefined, 'DELETE');
    location.assign('/sign-in');
  });
  replace(
    byId('content'),
    h(
      'div',
      { class: 'stack' },
      h(
        'section',
        { class: 'panel' },
        factList([
          ['账号', account.name],
          ['姓名', account.title],
          ['角色', account.roles.map((role) => ROLES[role] ?? role).join('、')],
          ['机构', account.body ?? '全市'],
          ['二次验证', account.secondFactor ? '已设置' : '未设置'],
          ['本次登录有效至', expiresAt],
        ]),
        h('p', { class: 'actions' }, leave),
      ),
      h('section', { class: 'panel' }, h('h2', null, '修改口令'), passwordForm()),
    ),
  );
});

function passwordForm() {
  const said = h('div', { 'aria-live': 'polite' });
  const field = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ kind) =>
    h('label', null, label, h('input', { name, type: 'password', required: true, autocomplete: kind }));
  const form = h(
    'form',
    { class: 'form' },
    field('present', '当前口令', 'current-password'),
    field('wanted', '新口令', 'new-password'),
    field('again', '再输入一次新口令', 'new-password'),
    said,
    h('div', null, h('button', { class: 'main', type: 'submit' }, '修改')),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    try {
      if (given['wanted'] !== given['again']) throw new Error('两次输入的新口令不一致');
      const { present, wanted } = given;
      useToken(/** @type {Session} */ (await send('/api/session/password', { present, wanted })).csrfToken);
      form.reset();
      replace(
        said,
        h('div', { class: 'notice good' }, h('strong', null, '口令已修改'), '其他设备上的登录已结束。'),
      );
    } catch (error) {
      replace(said, problemNotice(error));
    }
  });
  return form;
}
