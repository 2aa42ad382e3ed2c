import { defineConfig } from 'vitest/config';

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
