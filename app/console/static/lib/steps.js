/** The steps of a run, done ones and the one that goes on. */
import { labels } from './labels.js';
import { table } from './table.js';
import { figure } from './words.js';

/** @typedef {{ readonly position: number, readonly name: string, readonly startedAt: string, readonly finishedAt: string | null, readonly rows: number | null }} Step */

/** @param {readonly Step[]} steps */
export function stepList(steps) {
  return table(
    [
      { title: '步骤', isHead: true, value: ({ name }) => stepTitle(name) },
      { title: '开始', kind: 'key', value: ({ startedAt }) => startedAt.slice(11, 19) },
      { title: '结束', kind: 'key', value: ({ finishedAt }) => finishedAt?.slice(11, 19) ?? '进行中' },
      { title: '行数', kind: 'number', value: ({ rows }) => figure(rows) },
    ],
    steps,
    '步骤',
  );
}

/**
 * A step's title; of a name that begins as several do, the beginning's and what follows it.
 * @param {string} name
 */
function stepTitle(name) {
  const titles = labels('steps');
  const title = titles[name];
  if (title !== undefined) return title;
  const beginning = Object.keys(titles).find((one) => one.endsWith(' ') && name.startsWith(one));
  return beginning === undefined ? name : `${titles[beginning]} ${name.slice(beginning.length)}`;
}
