import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { ArbdataError, type ErrorCode } from '../../../pipelines/runtime/errors.ts';
import { removeTree } from '../../../pipelines/runtime/files.ts';
import { type Home, openHome } from '../../../pipelines/runtime/home.ts';

/** A folder that is removed when the test ends. */
export async function temporaryDir(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'arbdata-test-'));
  onTestFinished(() => removeTree(dir));
  return dir;
}

/** A home directory that is removed when the test ends. */
export async function temporaryHome(): Promise<Home> {
  return openHome(path.join(await temporaryDir(), 'home'), {});
}

/** The error that an action ends with; the test fails where it ends without one of ours. */
export async function errorOf(act: () => unknown): Promise<ArbdataError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof ArbdataError) return error;
    throw error;
  }
  throw new Error('the action ended without an error');
}

/** The code of the error that an action ends with. */
export async function codeOf(act: () => unknown): Promise<ErrorCode> {
  return (await errorOf(act)).code;
}
