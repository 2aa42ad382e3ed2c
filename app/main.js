#!/usr/bin/env node
// Plain JavaScript, so that a Node.js too old to run TypeScript can say so.
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `E_NODE_VERSION: arbdata needs Node.js 24 or newer; this is ${process.versions.node}.\n` +
      'Run `npm ci` and start it with `npx arbdata …` or `npm run …`: Node.js 24 comes in with the packages.\n',
  );
  process.exitCode = 1;
} else {
  // Before the first asynchronous call. Each thread that the engine is called on keeps memory of its own, and a run calls
  // it one statement at a time: four of them (the default) held 100 MiB more at a city's size and were no faster.
  process.env.UV_THREADPOOL_SIZE ??= '2';
  const { main } = await import('./cli.ts');
  await main(process.argv.slice(2));
}
