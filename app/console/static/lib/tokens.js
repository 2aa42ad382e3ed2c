/** Lists of API tokens, of the own account and of others. */
import { h } from './dom.js';
import { label } from './labels.js';
import { minute } from './words.js';

/** @typedef {{ readonly id: string, readonly title: string, readonly scopes: readonly string[], readonly createdAt: string, readonly expiresAt: string, readonly lastUsedAt: string | null, readonly revokedAt: string | null, readonly isValid: boolean }} Token */

/** @param {Token} token */
function stateOf({ revokedAt, isValid }) {
  if (revokedAt !== null) return h('span', { class: 'chip' }, '已吊销');
  return isValid ? h('span', { class: 'chip good' }, '有效') : h('span', { class: 'chip' }, '已过期');
}

/**
 * @param {(token: Token) => Promise<void>} revoke
 * @returns {readonly import('./table.js').Column<Token>[]}
 */
export function tokenColumns(revoke) {
  return [
    { title: '用途', isHead: true, value: ({ title }) => title },
    { title: '编号', kind: 'key', value: ({ id }) => h('code', null, id) },
    { title: '范围', value: ({ scopes }) => scopes.map((scope) => label('tokenScopes', scope)).join('、') },
    { title: '状态', kind: 'key', value: stateOf },
    { title: '新建', kind: 'key', value: ({ createdAt }) => minute(createdAt) },
    { title: '有效至', kind: 'key', value: ({ expiresAt }) => minute(expiresAt) },
    { title: '最近使用', kind: 'key', value: ({ lastUsedAt }) => minute(lastUsedAt) },
    {
      title: '操作',
      kind: 'key',
      value: (token) =>
        token.isValid
          ? h('button', { type: 'button', class: 'small', on: { click: () => void revoke(token) } }, '吊销')
          : null,
    },
  ];
}
