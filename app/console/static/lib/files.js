/** Files to download, each with its hash. */
import { h } from './dom.js';
import { fileSize } from './words.js';

/** @typedef {{ readonly id: string, readonly run: string, readonly product: string, readonly name: string, readonly sha256: string, readonly sizeBytes: number, readonly isDraft: boolean, readonly body: string | null }} RunFile */

/** @type {readonly import('./table.js').Column<RunFile>[]} */
export const FILE_COLUMNS = [
  {
    title: '文件',
    isHead: true,
    kind: 'break',
    value: ({ id, run, name, isDraft }) => [
      h('a', { href: `/api/files/${run}/${id}`, download: true }, name),
      isDraft ? [' ', h('span', { class: 'chip warn' }, '草稿')] : null,
    ],
  },
  { title: '大小', kind: 'number', value: ({ sizeBytes }) => fileSize(sizeBytes) },
  {
    title: 'SHA-256',
    kind: 'key',
    value: ({ sha256 }) => h('code', { title: sha256 }, `${sha256.slice(0, 16)}…`),
  },
];
