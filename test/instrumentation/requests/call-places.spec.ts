import { beforeEach, describe, expect, it } from '@jest/globals';
import { CallPlaces } from '../../../lib/instrumentation/requests/call-places.js';
import { type CallSite, CallSites } from '../../../lib/instrumentation/requests/call-sites.js';
import { type CallTally, Operation } from '../../../lib/instrumentation/requests/operation.js';
import { WaitedCalls } from '../../../lib/integrations/operation-waits.js';

/** Places that are found where the test says, and how often they were looked for. */
class StubSites extends CallSites {
  looked = 0;
  here: string | undefined = 'first';

  override current(): CallSite | undefined {
    this.looked++;
    return this.here === undefined ? undefined : { name: this.here, key: this.here, text: this.here };
  }
}

describe('the places of calls', () => {
  const REPEATED = 3;
  const calls = new WaitedCalls('database', 'postgresql');
  const call = calls.of('SELECT ?');
  let sites: StubSites;
  let places: CallPlaces;
  let now = 0;

  beforeEach(() => {
    sites = new StubSites();
    places = new CallPlaces(sites, REPEATED);
    now = 0;
  });

  function operationOf(handler: string | undefined): Operation {
    const operation = new Operation('id', 'http', 0, 0);
    operation.handler = handler;
    return operation;
  }

  /** Makes equal calls in a new operation. */
  function make(times: number, handler?: string, name = call): CallTally {
    const operation = operationOf(handler);
    const tally = operation.tally(name)!;
    for (let i = 1; i <= times; i++) places.find(operation, name, i, tally, now);
    return tally;
  }

  it('are looked up once for a call of a handler, and again after ten seconds', () => {
    for (let i = 0; i < 100; i++) expect(make(2, 'Orders.list').site?.text).toBe('first');
    expect(sites.looked).toBe(1);
    make(1, 'Orders.get');
    expect(sites.looked).toBe(2);
    now = 10_001;
    sites.here = 'moved';
    expect(make(1, 'Orders.list').site?.text).toBe('moved');
    expect(sites.looked).toBe(3);
  });

  it('are that of the loop where calls repeat, as far as it is found', () => {
    make(1);
    sites.here = 'loop';
    expect(make(REPEATED).site?.text).toBe('loop');
    sites.here = undefined;
    expect(make(REPEATED).site?.text).toBe('first');
  });

  it('are looked up once more when a call ends whose place was missing, and remembered', () => {
    sites.here = undefined;
    const operation = operationOf('Orders.list');
    const tally = operation.tally(call)!;
    places.find(operation, call, 1, tally, now);
    expect(tally).toMatchObject({ isMissing: true, site: undefined });
    sites.here = 'awaited';
    places.findMissing(operation, tally);
    expect(tally).toMatchObject({ isMissing: false, site: { text: 'awaited' } });
    expect(make(1, 'Orders.list').site?.text).toBe('awaited');
    expect(sites.looked).toBe(2);
  });

  it('are remembered for 2000 calls, and then anew', () => {
    for (let i = 0; i < 2_000; i++) make(1, `handler ${i}`);
    make(1, 'handler 0');
    expect(sites.looked).toBe(2_000);
    make(1, 'one more');
    make(1, 'handler 0');
    expect(sites.looked).toBe(2_002);
  });
});
