import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isKept, measure, measureTable, median, processTree, ratioTable } from '../../bench/measure.ts';

const node = (script: string) => [process.execPath, '-e', script];

const ways: [name: string, gnuTime: boolean][] = [['bash and /proc', false]];
if (existsSync('/usr/bin/time')) ways.push(['GNU time', true]);

describe.skipIf(process.platform !== 'linux').each(ways)('measure with %s', (_name, gnuTime) => {
  test('gives what the command printed and how it ended', async () => {
    const run = await measure(node('console.log("out"); console.error("err"); process.exitCode = 3'), {
      gnuTime,
    });
    expect(run).toMatchObject({ exitCode: 3, stdout: 'out\n' });
    expect(run.stderr).toBe('err\n');
  });

  test('sees the memory of a child of the command', async () => {
    const child = 'Buffer.alloc(300 * 2 ** 20, 1); setTimeout(() => {}, 50)';
    const parent = `require("node:child_process").execFileSync(process.execPath, ["-e", ${JSON.stringify(child)}])`;
    const { peakRssBytes } = await measure(node(parent), { gnuTime });
    expect(peakRssBytes).toBeGreaterThan(300 * 2 ** 20);
    expect(peakRssBytes).toBeLessThan(2 ** 30);
  });

  test('counts CPU time of the command, and waiting only as wall time', async () => {
    const script = 'const end = 3e5; while (process.cpuUsage().user < end) for (let i = 0; i < 1e6; i++);';
    const busy = await measure(node(script), { gnuTime });
    expect(busy.userMs).toBeGreaterThanOrEqual(300);
    const idle = await measure(['sleep', '0.4'], { gnuTime });
    expect(idle.wallMs).toBeGreaterThanOrEqual(400);
    expect(idle.userMs).toBeLessThan(300);
  });
});

test('the tree of this process holds this process', () => {
  expect(processTree(process.pid)).toContain(process.pid);
});

describe('tables', () => {
  const line = (wallMs: number) => ({ wallMs, userMs: 1500, systemMs: 250, peakRssBytes: 512 * 2 ** 20 });

  test('measures with rates', () => {
    expect(
      measureTable([{ name: 'freeze', measure: line(2000), rows: 4_350_018 }])
        .split('\n')
        .at(-1),
    ).toBe('| freeze | 2.00 s | 1.75 s | 2,175,009 | 512 MiB |');
  });

  test('ratios with their limits', () => {
    const kept = { name: 'peer', of: 3, against: 6, atMost: 0.6 };
    const broken = { name: 'copy', of: 6, against: 2, atMost: 2.5 };
    expect([isKept(kept), isKept(broken)]).toEqual([true, false]);
    expect(ratioTable([kept, broken])).toContain('| peer | 0.50 | 0.6 | yes |\n| copy | 3.00 | 2.5 | NO |');
  });

  test('the median is one of the measures', () => {
    const runs = [5, 1, 3].map((wallMs) => ({ ...line(wallMs), exitCode: 0, stdout: '', stderr: '' }));
    expect(median(runs).wallMs).toBe(3);
  });
});
