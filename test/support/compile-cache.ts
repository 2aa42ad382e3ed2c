/** Where Node.js keeps what it compiled, for every process of the tests: half the time of a short command is compiling. */
import path from 'node:path';

export const COMPILE_CACHE = path.resolve(import.meta.dirname, '../../node_modules/.cache/node-compile');
