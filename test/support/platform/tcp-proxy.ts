/** A line between two programs of this machine, which can be cut. */
import net from 'node:net';

export interface Plan {
  readonly way: 'toServer' | 'fromServer';
  /** When so many bytes went this way, or when something else is so; what comes then does not pass any more. */
  readonly at: number | (() => boolean);
  readonly act: () => void;
}

export interface Line {
  readonly port: number;
  /** Bytes that passed since the last plan, to the server and from it. */
  readonly passed: { toServer: number; fromServer: number };
  /** How many connections there were since the last plan. */
  connections: number;
  /** Do something at a moment; absent: nothing. */
  plan(plan?: Plan): void;
  /** End every connection, both ways, with a reset. */
  cut(): void;
  /** Let nothing through any more, as when a cable is pulled. */
  hold(isHeld: boolean): void;
  close(): Promise<void>;
}

export async function startLine(serverPort: number): Promise<Line> {
  const sockets = new Set<net.Socket>();
  let planned: Plan | undefined;
  let isHeld = false;
  // Connections of an earlier plan may still say farewell: their bytes are nobody's.
  let plans = 0;
  const pass = (way: 'toServer' | 'fromServer', from: net.Socket, to: net.Socket): void => {
    const ofPlan = plans;
    from.setNoDelay();
    from.on('data', (bytes) => {
      if (isHeld) return;
      if (ofPlan !== plans) {
        to.write(bytes);
        return;
      }
      const left = planned?.way === way ? bytesLeft(planned, line.passed[way]) : Number.POSITIVE_INFINITY;
      line.passed[way] += bytes.length;
      if (bytes.length < left) {
        to.write(bytes);
        return;
      }
      to.write(bytes.subarray(0, Math.max(0, left)));
      const { act } = planned ?? {};
      planned = undefined;
      act?.();
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = net.createServer((client) => {
    line.connections += 1;
    const upstream = net.connect(serverPort, '127.0.0.1');
    sockets.add(client).add(upstream);
    pass('toServer', client, upstream);
    pass('fromServer', upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const line: Line = {
    port: (server.address() as net.AddressInfo).port,
    passed: { toServer: 0, fromServer: 0 },
    connections: 0,
    plan: (plan) => {
      planned = plan;
      plans += 1;
      line.passed.toServer = 0;
      line.passed.fromServer = 0;
      line.connections = 0;
    },
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    hold: (held) => {
      isHeld = held;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return line;
}

function bytesLeft({ at }: Plan, passed: number): number {
  if (typeof at === 'number') return at - passed;
  return at() ? 0 : Number.POSITIVE_INFINITY;
}
