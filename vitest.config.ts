import { defineConfig } from 'vitest/config';
import { COMPILE_CACHE } from './test/support/compile-cache.ts';

// The workers inherit it, and what they start.
process.env.NODE_COMPILE_CACHE ??= COMPILE_CACHE;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/support/totals-reporter.ts'],
    // Its ES modules import folders and files without extensions, which Node itself refuses.
    server: { deps: { inline: ['dt-sql-parser'] } },
  },
});
