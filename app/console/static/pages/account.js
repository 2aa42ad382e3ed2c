/** 我的账号: who one is here, the own password, the second factor, and signing out everywhere. */
import { send, useToken } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { actionForm, field, goodNotice } from '../lib/form.js';
import { factList } from '../lib/list.js';
import { beginEnrolment, confirmEnrolment, enrolmentLines, recoveryCodeLines } from '../lib/second-factor.js';
import { hasRole, problemNotice, runPage } from '../lib/shell.js';
import { minute } from '../lib/words.js';

/** @typedef {import('../lib/shell.js').Session} Session */

/** Who sees figures, and may have API tokens. */
const TOKEN_HOLDERS = ['leader', 'analyst', 'operator', 'approver', 'district'];

void runPage(async (session) => {
  const { account, expiresAt } = session;
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
          ['角色', account.roleTitles.join('、') || '尚无角色，请联系安全管理员'],
          ['机构', account.body ?? (hasRole(session, TOKEN_HOLDERS) ? '全市' : '—')],
          ['二次验证', account.secondFactor ? '已设置' : '未设置'],
          ['本次登录有效至', minute(expiresAt)],
        ]),
        h(
          'p',
          { class: 'actions' },
          leave,
          hasRole(session, TOKEN_HOLDERS) ? h('a', { class: 'button', href: '/tokens' }, 'API令牌') : null,
        ),
      ),
      h('section', { class: 'panel' }, h('h2', null, '修改口令'), passwordForm()),
      account.secondFactor ? null : secondFactorPanel(),
    ),
  );
});

function passwordForm() {
  const password = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ kind) =>
    field(name, label, { type: 'password', autocomplete: kind });
  return actionForm({
    fields: [
      password('present', '当前口令', 'current-password'),
      password('wanted', '新口令', 'new-password'),
      password('again', '再输入一次新口令', 'new-password'),
    ],
    button: '修改',
    done: async (data, form) => {
      const { present, wanted, again } = Object.fromEntries(data);
      if (wanted !== again) throw new Error('两次输入的新口令不一致');
      useToken(/** @type {Session} */ (await send('/api/session/password', { present, wanted })).csrfToken);
      form.reset();
      return goodNotice('口令已修改', '其他设备上的登录已结束。');
    },
  });
}

/** Whom no rule asks for a second factor sets one up here; from then on it is asked for. */
function secondFactorPanel() {
  const place = h('div', { class: 'stack' });
  const begin = h('button', { type: 'button' }, '设置二次验证');
  begin.addEventListener('click', async () => {
    try {
      replace(place, enrolmentLines(await beginEnrolment()), codeForm(place));
      place.querySelector('input')?.focus();
    } catch (error) {
      replace(place, begin, problemNotice(error));
    }
  });
  replace(place, h('p', null, '设置后，每次登录除口令外还需输入验证器应用的验证码。'), h('p', null, begin));
  return h('section', { class: 'panel' }, h('h2', null, '二次验证'), place);
}

/** @param {HTMLElement} place */
function codeForm(place) {
  return actionForm({
    fields: field('code', '验证码', { autocomplete: 'one-time-code', inputmode: 'numeric' }),
    button: '确认',
    done: async (data) => {
      const { session, recoveryCodes } = await confirmEnrolment(String(data.get('code')).trim());
      useToken(session.csrfToken);
      replace(place, goodNotice('二次验证已设置'), recoveryCodeLines(recoveryCodes));
    },
  });
}
