/** 文件下载: what is published and in force, as far as one may have it. */
import { get } from '../lib/api.js';
import { byId, h, replace } from '../lib/dom.js';
import { FILE_COLUMNS } from '../lib/files.js';
import { listPanel } from '../lib/list.js';
import { runPage } from '../lib/shell.js';
import { pipelineName } from '../lib/states.js';
import { monthName } from '../lib/words.js';

/** @typedef {{ readonly product: string, readonly period: string, readonly revision: number, readonly publishedAt: string | null, readonly files: readonly import('../lib/files.js').RunFile[] }} Publication */

void runPage(async () => {
  const { publications } = /** @type {{ publications: Publication[] }} */ (await get('/api/files'));
  const latest = publications
    .filter(({ files }) => files.length > 0)
    .toSorted((a, b) =>
      a.period === b.period ? (a.product < b.product ? -1 : 1) : a.period < b.period ? 1 : -1,
    );
  replace(
    byId('content'),
    h(
      'div',
      { class: 'stack' },
      latest.length === 0 ? h('p', { class: 'nothing' }, '没有可下载的文件') : latest.map(publicationPanel),
    ),
  );
});

/** @param {Publication} publication */
function publicationPanel({ product, period, revision, publishedAt, files }) {
  const title = `${monthName(period)} ${pipelineName(product)}`;
  return h(
    'div',
    null,
    listPanel(FILE_COLUMNS, files, { caption: title, none: '', title }),
    h('p', { class: 'soft' }, `第${revision}次发布，${publishedAt ?? ''}；每次下载都会记入审计记录。`),
  );
}
