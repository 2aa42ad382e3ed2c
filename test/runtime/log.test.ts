import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { currentActor } from '../../pipelines/runtime/actor.ts';
import {
  fixedClock,
  shanghaiDate,
  shanghaiStamp,
  shanghaiStampMs,
  stampToMs,
} from '../../pipelines/runtime/clock.ts';
import { Logger, openTerminal } from '../../pipelines/runtime/log.ts';
import { barLine, createProgress, duration, plainLine } from '../../pipelines/runtime/progress.ts';
import { temporaryDir } from './support/home.ts';

const clock = fixedClock('2026-11-23T09:15:00.042+08:00');

/** An output that keeps what was written. */
function output(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) };
}

test('the time is that of Shanghai, wherever the machine stands', () => {
  expect(shanghaiStamp(clock)).toBe('2026-11-23 09:15:00');
  expect(shanghaiStampMs(clock)).toBe('2026-11-23 09:15:00.042');
  expect(stampToMs(shanghaiStampMs(clock))).toBe(clock.now().getTime());
  expect(shanghaiDate(fixedClock('2026-10-31T15:59:59Z'))).toBe('2026-10-31');
  expect(shanghaiDate(fixedClock('2026-10-31T16:00:00Z'))).toBe('2026-11-01');
  expect(shanghaiStamp(fixedClock('2026-10-31T16:00:00Z'))).toBe('2026-11-01 00:00:00');
});

test('the actor is named', () => {
  expect(currentActor()).not.toBe('');
});

test('a line has its time, level, message and fields; nothing breaks it in two', () => {
  const stream = output(false);
  const log = new Logger({ terminal: openTerminal(stream), clock });
  log.info('frozen', { rows: 42, view: 'ARB_CASE', note: 'two words', left: undefined });
  log.warn('a\nb\u001B[2J', { text: 'c\r\nd' });
  log.debug('not shown');
  expect(stream.written).toEqual([
    '09:15:00 info frozen rows=42 view=ARB_CASE note="two words"\n',
    '09:15:00 warn a b [2J text="c\\r\\nd"\n',
  ]);
});

test('quiet keeps warnings on the terminal and every line in the file', async () => {
  const stream = output(false);
  const file = path.join(await temporaryDir(), 'run.log');
  const log = new Logger({ terminal: openTerminal(stream), clock, quiet: true });
  log.openFile(file);
  log.info('one');
  log.warn('two');
  log.closeFile();
  log.info('three');
  expect(stream.written).toEqual(['09:15:00 warn two\n']);
  expect(await readFile(file, 'utf8')).toBe('2026-11-23 09:15:00 info one\n2026-11-23 09:15:00 warn two\n');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('without a terminal there is a line at the start, one in five seconds, and one at the end', () => {
  let now = 0;
  const stream = output(false);
  const step = createProgress(openTerminal(stream), () => now).step('freeze', {
    unit: 'rows',
    total: 40_000,
  });
  for (now = 1_000; now <= 12_000; now += 1_000) step.advance(2_000);
  now = 12_000;
  step.done(40_000);
  step.done();
  expect(stream.written).toEqual([
    'freeze: started\n',
    'freeze: 25 %, 10,000 of 40,000 rows, 2,000 rows/s, 15.0 s left\n',
    'freeze: 50 %, 20,000 of 40,000 rows, 2,000 rows/s, 10.0 s left\n',
    'freeze: 40,000 rows in 12.0 s, 3,333 rows/s\n',
  ]);
});

test('on a terminal a bar is drawn in place, log lines go above it, and a line stays at the end', () => {
  let now = 0;
  const stream = output(true);
  const terminal = openTerminal(stream);
  const progress = createProgress(terminal, () => now);
  const step = progress.step('validate', { poll: () => 0.5 });
  now = 1_000;
  step.advance(0);
  new Logger({ terminal, clock }).info('hello');
  step.done();
  const screen = stream.written.join('');
  const bar = 'validate  [##########----------]  50 %  1.0 s left';
  expect(screen).toContain(`\r\u001B[2K${bar}`);
  expect(screen).toContain(`\r\u001B[2K09:15:00 info hello\n${bar}`);
  expect(screen.endsWith('\r\u001B[2Kvalidate: done in 1.0 s\n')).toBe(true);
});

test('a bar never wraps, even with Chinese names', () => {
  const standing = { name: '冻结', unit: 'rows', total: 10, count: 5, share: 0.5, elapsedMs: 1_000 };
  const wide = (text: string) => [...text].reduce((cells, one) => cells + (one > '\u2E80' ? 2 : 1), 0);
  for (const columns of [1, 3, 20, 40, 200]) expect(wide(barLine(standing, columns))).toBeLessThan(columns);
});

test('a poll that fails or answers nonsense shows no share', () => {
  const stream = output(false);
  let now = 0;
  const progress = createProgress(openTerminal(stream), () => now);
  const broken = progress.step('a', {
    poll: () => {
      throw new Error('closed');
    },
  });
  const odd = progress.step('b', { poll: () => 7 });
  now = 6_000;
  broken.advance(0);
  odd.advance(0);
  broken.fail();
  odd.done();
  expect(stream.written.slice(2)).toEqual([
    'a: running for 6.0 s\n',
    'b: 100 %, 0.0 s left\n',
    'a: stopped after 6.0 s\n',
    'b: done in 6.0 s\n',
  ]);
});

test('durations and lines read naturally', () => {
  expect([0, 59_949, 60_000, 125_000, 3_725_000].map(duration)).toEqual([
    '0.0 s',
    '59.9 s',
    '1 min 00 s',
    '2 min 05 s',
    '1 h 02 min',
  ]);
  const standing = { name: 'a', unit: '', total: undefined, count: 0, share: undefined, elapsedMs: 61_000 };
  expect(plainLine(standing)).toBe('a: running for 1 min 01 s');
});

test('an output that throws ends nothing', () => {
  const terminal = openTerminal({
    isTTY: true,
    write: () => {
      throw new Error('EPIPE');
    },
  });
  const step = createProgress(terminal).step('a');
  new Logger({ terminal, clock }).error('b');
  expect(() => step.done()).not.toThrow();
});

test('a process whose standard error is closed goes on to its end', async () => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'support/noisy.ts')]);
  const stdout: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
  child.stderr.destroy();
  child.stdin.write('x');
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect({ code, signal, stdout: Buffer.concat(stdout).toString() }).toEqual({
    code: 0,
    signal: null,
    stdout: 'finished\n',
  });
});
