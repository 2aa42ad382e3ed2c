/**
 * The server as a process of its own: prints one line of JSON with its port when it is ready, and runs until a signal
 * comes or, with --attached, its standard input ends. Lines of JSON on standard input change its faults.
 */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { Fault } from './faults.ts';
import { OracleWire, type WireOptions } from './server.ts';

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    port: { type: 'string' },
    replay: { type: 'string' },
    options: { type: 'string' },
    fault: { type: 'string', multiple: true },
    attached: { type: 'boolean' },
    verbose: { type: 'boolean' },
  },
});

const server = await OracleWire.start({
  ...(JSON.parse(values.options ?? '{}') as WireOptions),
  ...(values.source === undefined ? {} : { source: values.source }),
  ...(values.port === undefined ? {} : { port: Number(values.port) }),
  ...(values.replay === undefined ? {} : { replayDir: values.replay }),
  ...(values.verbose === true ? { log: (line: string) => process.stderr.write(`${line}\n`) } : {}),
});
for (const fault of values.fault ?? []) server.faults.add(JSON.parse(fault) as Fault);
process.stdout.write(
  `${JSON.stringify({ port: server.port, connectString: server.connectString, pid: process.pid })}\n`,
);

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await server.close();
  process.exit(0);
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const message = JSON.parse(line) as { fault?: Fault; clear?: boolean };
  if (message.fault !== undefined) server.faults.add(message.fault);
  if (message.clear === true) server.faults.clear();
});
if (values.attached === true) lines.on('close', () => void end());
process.on('SIGTERM', () => void end());
process.on('SIGINT', () => void end());
