/** submit: bring a batch to its platform, or try the way there. */
import type { Command } from 'commander';
import { EXIT } from '../../pipelines/runtime/errors.ts';
import type { Service } from '../../pipelines/runtime/service.ts';
import { checkChannel, type SubmitState, type Submitted, submit } from '../../pipelines/submit.ts';
import type { Register } from '../register.ts';
import type { CommandResult } from '../result.ts';

interface SubmitOptions {
  batch?: string;
  channel?: string;
  check?: boolean;
}

export function registerSubmit(program: Command, register: Register): void {
  register<SubmitOptions>(
    program
      .command('submit')
      .description('send a batch to its platform; goes on where an earlier attempt ended')
      .option('--batch <batch>', 'absent: the only batch that waits to be sent')
      .option(
        '--channel <name>',
        'a channel of config.json; absent: that of its platform, else the default one',
      )
      .option('--check', 'connect and ask what the platform has, without sending'),
    async (service, options) => (options.check === true ? check(service, options) : send(service, options)),
    [
      'arbdata submit',
      'arbdata submit --batch 110000-ARB-202610-01 --channel head-office',
      'arbdata submit --check --channel head-office',
    ],
  );
}

const STATE_TEXT = {
  sent: 'delivered',
  'arrived before': 'delivered: it had arrived already, nothing was sent again',
  'delivered before': 'was delivered before; nothing was sent',
  'answered before': 'was answered by the platform already; nothing was sent',
} as const satisfies Record<SubmitState, string>;

async function send(service: Service, options: SubmitOptions): Promise<CommandResult> {
  const submitted = await submit(service, options);
  const { runId, ...rest } = submitted;
  return { json: { run: runId, ...rest }, lines: sentLines(submitted) };
}

function sentLines({
  batch,
  state,
  channel,
  target,
  package: sent,
  records,
  attempts,
  runId,
}: Submitted): string[] {
  const { name, sizeBytes, sha256 } = sent;
  const where = channel === null ? [] : [`  channel ${channel}${target === null ? '' : `, ${target}`}`];
  const tries = attempts > 1 ? `, ${attempts} attempts` : '';
  return [
    '',
    `${batch}: ${STATE_TEXT[state]}`,
    `  ${name}, ${records} records, ${sizeBytes.toLocaleString('en-US')} bytes, SHA-256 ${sha256}`,
    ...where,
    ...(runId === null ? [] : [`  run ${runId}${tries}`]),
    '',
    'Delivered is not accepted: what the platform took is in its receipts.',
    'Next: npx arbdata receipts import FILE|DIR',
  ];
}

async function check(service: Service, options: SubmitOptions): Promise<CommandResult> {
  const { channel, target, batch, standing } = await checkChannel(service, options);
  const has = {
    absent: 'has nothing of it',
    partial: `has ${'receivedBytes' in standing ? standing.receivedBytes.toLocaleString('en-US') : 0} bytes of it`,
    arrived: 'has it whole, with the right bytes',
    different: `holds something else: ${'found' in standing ? standing.found : ''}`,
  }[standing.state];
  return {
    json: { channel, target, batch, ...standing },
    lines: [
      `channel ${channel}, ${target}: reached; nothing was sent`,
      ...(batch === null ? [] : [`  ${batch}: the platform ${has}`]),
    ],
    exit: standing.state === 'different' ? EXIT.sourceUnreachable : EXIT.done,
  };
}
