/** The console over one home: what it hands out, and what it withstands. */
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { apiTests } from './api-tests.ts';
import { attackTests } from './attack-tests.ts';
import { judgementTests } from './judgement-tests.ts';
import { makeWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await makeWorld({
    limits: { headersTimeout: 600, requestTimeout: 1200, connectionsCheckingInterval: 100 },
  });
}, 240_000);
afterAll(() => world.console.close());
// What one test asked for is not counted in the next.
beforeEach(() => world.console.home.clock.advance(5 * 60_000));

describe('the API', () => apiTests(() => world));
describe('a judgement', () => judgementTests(() => world));
describe('an attack', () => attackTests(() => world));
