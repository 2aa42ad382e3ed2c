/** Setting up a second factor: what the app needs, and the codes for the day on which it is gone. */
import { send } from './api.js';
import { h } from './dom.js';

/** The secret for the app, shown once. */
export function beginEnrolment() {
  return /** @type {Promise<{ secret: string, uri: string }>} */ (send('/api/session/enrolment'));
}

/**
 * @param {string} code of the app
 * @returns {Promise<{ session: import('./shell.js').Session, recoveryCodes: readonly string[] }>}
 */
export function confirmEnrolment(code) {
  return send('/api/session/enrolment/confirmation', { code });
}

/** @param {{ secret: string, uri: string }} enrolment */
export function enrolmentLines({ secret, uri }) {
  return [
    h('p', null, '在验证器应用中手工添加以下密钥（基于时间，6位），再输入应用显示的验证码。'),
    h('p', { class: 'secret', id: 'secret' }, secret.replaceAll(/(.{4})(?=.)/g, '$1 ')),
    h('p', null, h('a', { href: uri }, '在本机的验证器应用中打开')),
  ];
}

/** @param {readonly string[]} codes */
export function recoveryCodeLines(codes) {
  return [
    h('p', null, '每个恢复码可代替一次验证码。它们只显示这一次，请抄下并妥善保管。'),
    h(
      'ul',
      { class: 'secret codes' },
      codes.map((code) => h('li', null, code)),
    ),
  ];
}
