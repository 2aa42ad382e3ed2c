import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { writeWorkbook } from '../../exports/workbook.ts';
import { withTemporaryDir } from './support.ts';

const PROPERTIES = { title: '表', creator: '甲委', generatedAt: '2026-11-03T09:30:00+08:00' };

test('a workbook that cannot be written is told only once what fills it has stopped reading', async () => {
  await withTemporaryDir(async (dir) => {
    let reading = true;
    const failing = writeWorkbook({ ...PROPERTIES, file: path.join(dir, 'absent', '表.xlsx') }, async () => {
      await sleep(300);
      reading = false;
    });
    await expect(failing).rejects.toMatchObject({ code: 'ENOENT' });
    // A caller closes the engine next; an engine that is closed under an open query never lets the process end.
    expect(reading).toBe(false);
  });
});

test('an error of what fills it is the one that is told', async () => {
  await withTemporaryDir(async (dir) => {
    const file = path.join(dir, '表.xlsx');
    const failing = writeWorkbook({ ...PROPERTIES, file }, async () => {
      throw new Error('no more rows');
    });
    await expect(failing).rejects.toThrow('no more rows');
  });
});
