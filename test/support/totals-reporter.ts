/** Ends every test run with one plain line, `N passed, N failed`, which needs no colours or terminal to read. */
import type { Reporter, TestModule } from 'vitest/node';

export default class TotalsReporter implements Reporter {
  /**
   * A test file that could not be loaded, or whose hooks failed, and an error outside any test each count as one
   * failure: a run with such errors must never look clean.
   */
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: 'passed' | 'failed' | 'skipped') =>
      tests.filter((test) => test.result().state === state).length;
    const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const broken = suites.filter((suite) => suite.errors().length > 0).length + unhandledErrors.length;
    const skipped = count('skipped');
    // After the other reporters' summaries, whichever order they are called in.
    process.once('exit', () => {
      const rest = skipped === 0 ? '' : `, ${skipped} skipped`;
      process.stdout.write(`${count('passed')} passed, ${count('failed') + broken} failed${rest}\n`);
    });
  }
}
