/** Printing: one JSON document whatever happens on the way, and quietly where the reader has gone. */
import { describe, expect, test } from 'vitest';
import { type CommandResult, OutputClosed, PrintedError, printJson, printLines } from '../../app/result.ts';
import { ArbdataError } from '../../pipelines/runtime/errors.ts';

/** What is written, until so many writes have been taken. */
function sink(takes = Number.POSITIVE_INFINITY) {
  const texts: string[] = [];
  return {
    texts,
    write: async (text: string) => {
      if (texts.length >= takes) throw new OutputClosed();
      texts.push(text);
    },
  };
}

/** Rows of which the one at `failing` cannot be read; tells whether the reading was ended. */
function source(count: number, failing = -1) {
  const state = { ended: false };
  async function* rows() {
    try {
      for (let number = 0; number < count; number += 1) {
        if (number === failing) throw new ArbdataError('E_ENGINE', 'broken', { advice: 'mend it' });
        yield { number };
      }
    } finally {
      state.ended = true;
    }
  }
  const result: CommandResult = {
    json: { run: 'R1' },
    lines: ['header'],
    stream: { key: 'rows', rows: rows(), line: (row) => JSON.stringify(row) },
  };
  return { result, state };
}

describe('a JSON document', () => {
  test.each([0, 1, 3])('of %i rows', async (count) => {
    const output = sink();
    await printJson(output, source(count).result);
    const rows = Array.from({ length: count }, (_, number) => ({ number }));
    expect(JSON.parse(output.texts.join(''))).toEqual({ run: 'R1', rows });
  });

  test('of nothing but rows, and of no rows', async () => {
    const [one, other] = [sink(), sink()];
    await printJson(one, { ...source(1).result, json: {} });
    await printJson(other, { json: { a: 1 }, lines: [] });
    expect(JSON.parse(one.texts.join(''))).toEqual({ rows: [{ number: 0 }] });
    expect(JSON.parse(other.texts.join(''))).toEqual({ a: 1 });
  });

  test('where the first row fails, nothing is printed', async () => {
    const output = sink();
    await expect(printJson(output, source(3, 0).result)).rejects.toMatchObject({ code: 'E_ENGINE' });
    expect(output.texts).toEqual([]);
  });

  test('where a later row fails, the document ends with the error', async () => {
    const output = sink();
    const { result, state } = source(3, 2);
    const error = await printJson(output, result).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PrintedError);
    expect((error as Error).cause).toMatchObject({ code: 'E_ENGINE' });
    expect(JSON.parse(output.texts.join(''))).toEqual({
      run: 'R1',
      rows: [{ number: 0 }, { number: 1 }],
      error: { code: 'E_ENGINE', message: 'broken', advice: 'mend it', where: {}, exit: 1, retryable: false },
    });
    expect(state.ended).toBe(true);
  });
});

test.each([printJson, printLines])('a reader that has gone ends the reading of rows', async (print) => {
  const { result, state } = source(1_000_000);
  await expect(print(sink(5), result)).rejects.toThrow(OutputClosed);
  expect(state.ended).toBe(true);
});

test('what came from outside cannot steer a terminal', async () => {
  const output = sink();
  const result = source(0).result;
  await printLines(output, { ...result, lines: ['案号\u001b]0;x\u0007', 'a\nb'] });
  expect(output.texts).toEqual(['案号\\u001b]0;x\\u0007\n', 'a\\u000ab\n']);
});

test('lines end as the result says', async () => {
  const output = sink();
  await printLines(output, { ...source(1).result, lineEnd: '\r\n' });
  expect(output.texts.join('')).toBe('header\r\n{"number":0}\r\n');
});
