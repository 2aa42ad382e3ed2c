/** API令牌: the own tokens for programs, made, shown once, and revoked. */
import { get, send } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { actionForm, boxes, field, goodNotice } from '../lib/form.js';
import { label, labels } from '../lib/labels.js';
import { listPanel } from '../lib/list.js';
import { problemNotice, runPage } from '../lib/shell.js';
import { tokenColumns } from '../lib/tokens.js';

/** @typedef {import('../lib/tokens.js').Token} Token */

const DAYS = [30, 90, 180, 366];

void runPage(async () => {
  const list = h('div', null);
  const draw = async () => {
    const { tokens } = /** @type {{ tokens: Token[] }} */ (await get('/api/tokens'));
    const columns = tokenColumns(async ({ id }) => {
      try {
        await send(`/api/tokens/${id}`, undefined, 'DELETE');
        await draw();
      } catch (error) {
        list.prepend(problemNotice(error));
      }
    });
    replace(list, listPanel(columns, tokens, { caption: '令牌', none: '没有令牌', title: '我的令牌' }));
  };
  await draw();
  replace(byId('content'), h('div', { class: 'stack' }, makePanel(draw), list));
});

/** @param {() => Promise<void>} draw */
function makePanel(draw) {
  const form = actionForm({
    fields: [
      field('title', '用途', { maxlength: 60, placeholder: '例如：大屏' }),
      boxes('scopes', '范围', Object.entries(labels('tokenScopes'))),
      h(
        'label',
        null,
        '有效期',
        h(
          'select',
          { name: 'days' },
          DAYS.map((days) => h('option', { value: days }, `${days}天`)),
        ),
      ),
    ],
    button: '新建令牌',
    done: async (data, made) => {
      const scopes = data.getAll('scopes').map(String);
      if (scopes.length === 0) throw new Error('请至少选择一个范围');
      const body = { title: String(data.get('title')).trim(), scopes, days: Number(data.get('days')) };
      const { token } = /** @type {{ token: string }} */ (await send('/api/tokens', body));
      made.reset();
      await draw();
      return [
        goodNotice('令牌已新建', '它只显示这一次，请立即保存。'),
        h('p', { class: 'secret', id: 'secret' }, token),
        h('p', { class: 'soft' }, `范围：${scopes.map((scope) => label('tokenScopes', scope)).join('、')}`),
      ];
    },
  });
  return h(
    'section',
    { class: 'panel' },
    h('h2', null, '新建令牌'),
    h('p', { class: 'soft' }, '程序用令牌代替登录，只能做所选范围内、本账号也能做的事。'),
    form,
  );
}
