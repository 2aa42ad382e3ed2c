/** Signing in, step by step as the server asks: password, code, first change of password, setting up the second factor. */
import { ApiProblem, get, send, useToken } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { beginEnrolment, confirmEnrolment, enrolmentLines, recoveryCodeLines } from '../lib/second-factor.js';
import { problemNotice } from '../lib/shell.js';

/** @typedef {import('../lib/shell.js').Session} Session */
/** @typedef {{ readonly name: string, readonly label: string, readonly type?: string, readonly autocomplete: string, readonly hint?: string }} Field */

const NEXT = {
  'second-factor': askCode,
  'change-password': askPassword,
  enrol: setUpSecondFactor,
  full: leave,
};

/** @param {Session} session */
function goOn(session) {
  useToken(session.csrfToken);
  void NEXT[session.stage]();
}

/** Where the person wanted to go; only ever a page of this console. */
async function leave() {
  const wanted = new URLSearchParams(location.search).get('next') ?? '/';
  location.replace(/^\/(?![/\\])/.test(wanted) ? wanted : '/');
}

/**
 * A step: its fields, and what is done with them.
 * @param {{ readonly title: string, readonly text?: import('../lib/dom.js').Child, readonly fields: readonly Field[], readonly button: string, readonly done: (values: Record<string, string>) => Promise<void> }} step
 */
function show({ title, text, fields, button, done }) {
  const said = h('div', { 'aria-live': 'assertive' });
  const submit = h('button', { class: 'main', type: 'submit' }, button);
  const form = h('form', { class: 'form' }, fields.map(fieldLabel), said, submit);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.disabled = true;
    replace(said);
    try {
      const values = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
      await done(Object.fromEntries(values));
    } catch (error) {
      replace(said, problemNotice(error));
      if (error instanceof ApiProblem && error.status === 401) form.reset();
    } finally {
      submit.disabled = false;
    }
  });
  replace(
    byId('main'),
    h('p', { class: 'soft' }, '劳动人事争议仲裁数据服务'),
    h('h1', null, title),
    text,
    form,
  );
  form.querySelector('input')?.focus();
}

/** @param {Field} field */
function fieldLabel({ name, label, type = 'text', autocomplete, hint }) {
  return h(
    'label',
    null,
    label,
    h('input', { name, type, autocomplete, required: true, autocapitalize: 'none', spellcheck: 'false' }),
    hint === undefined ? null : h('span', { class: 'soft' }, hint),
  );
}

function askNameAndPassword() {
  show({
    title: '登录',
    fields: [
      { name: 'name', label: '账号', autocomplete: 'username' },
      { name: 'password', label: '口令', type: 'password', autocomplete: 'current-password' },
    ],
    button: '登录',
    done: async (values) => goOn(await send('/api/session', values)),
  });
}

async function askCode() {
  show({
    title: '验证码',
    fields: [
      {
        name: 'code',
        label: '验证器应用中的6位验证码',
        autocomplete: 'one-time-code',
        hint: '手机不在身边时，可输入一个恢复码。',
      },
    ],
    button: '继续',
    done: async ({ code }) => goOn(await send('/api/session/second-factor', { code })),
  });
}

async function askPassword() {
  show({
    title: '设置新口令',
    text: h('p', null, '首次登录，或口令已被重置：请先设置自己的口令。'),
    fields: [
      { name: 'present', label: '当前口令', type: 'password', autocomplete: 'current-password' },
      { name: 'wanted', label: '新口令', type: 'password', autocomplete: 'new-password' },
      { name: 'again', label: '再输入一次新口令', type: 'password', autocomplete: 'new-password' },
    ],
    button: '设置',
    done: async ({ present, wanted, again }) => {
      if (wanted !== again) throw new Error('两次输入的新口令不一致');
      goOn(await send('/api/session/password', { present, wanted }));
    },
  });
}

async function setUpSecondFactor() {
  const enrolment = await beginEnrolment();
  show({
    title: '设置二次验证',
    text: enrolmentLines(enrolment),
    fields: [{ name: 'code', label: '验证码', autocomplete: 'one-time-code' }],
    button: '确认',
    done: async ({ code = '' }) => {
      const { session, recoveryCodes } = await confirmEnrolment(code);
      useToken(session.csrfToken);
      showRecoveryCodes(session, recoveryCodes);
    },
  });
}

/**
 * @param {Session} session
 * @param {readonly string[]} codes
 */
function showRecoveryCodes(session, codes) {
  const button = h('button', { class: 'main', type: 'button' }, '已保存，继续');
  button.addEventListener('click', () => goOn(session));
  replace(byId('main'), h('h1', null, '恢复码'), recoveryCodeLines(codes), button);
  button.focus();
}

/** A session that is not through with signing in goes on where it stood. */
async function begin() {
  if (!new URLSearchParams(location.search).has('step')) return askNameAndPassword();
  try {
    goOn(await get('/api/session'));
  } catch {
    askNameAndPassword();
  }
}

void begin();
