import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { ListenerWarnings } from '../../../lib/diagnostics/memory/listener-warnings.js';
import { CallSites } from '../../../lib/instrumentation/requests/call-sites.js';

class OrderBus extends EventEmitter {}

/** The warning of Node, as its type is. */
function warning(emitter: unknown, type: string | symbol, count = 11): Error {
  return Object.assign(new Error('Possible memory leak'), {
    name: 'MaxListenersExceededWarning',
    emitter,
    type,
    count,
  });
}

function listenTo(emitter: EventEmitter, count: number): void {
  emitter.setMaxListeners(0);
  for (let i = 0; i < count; i++) emitter.on('order', () => undefined);
}

describe('warnings about listeners', () => {
  const warnings = () => new ListenerWarnings(new CallSites());

  it('name the emitter and the event, with the listeners that it has now', () => {
    const bus = new OrderBus();
    listenTo(bus, 25);
    const kept = warnings();
    kept.add(warning(bus, 'order'));
    expect(kept.growing()).toMatchObject([{ emitter: 'OrderBus', event: 'order', count: 25 }]);
  });

  it('are over once the listeners are removed', () => {
    const bus = new OrderBus();
    listenTo(bus, 25);
    const kept = warnings();
    kept.add(warning(bus, 'order'));
    bus.removeAllListeners();
    expect(kept.growing()).toEqual([]);
  });

  it('keep the count of the warning for an event target, and for an emitter that fails', () => {
    class Failing extends EventEmitter {
      override listenerCount(): number {
        throw new Error('not now');
      }
    }
    const failing = new Failing();
    const signal = new AbortController().signal;
    const kept = warnings();
    kept.add(warning(signal, 'abort', 12));
    kept.add(warning(failing, Symbol('done'), 13));
    expect(kept.growing()).toMatchObject([
      { emitter: 'Failing', event: 'Symbol(done)', count: 13 },
      { emitter: 'AbortSignal', event: 'abort', count: 12 },
    ]);
  });

  it.each<[string, Error]>([
    ['of something else', Object.assign(new Error('old'), { name: 'DeprecationWarning' })],
    ['without an emitter', warning(undefined, 'order')],
    ['without an event', warning(new EventEmitter(), undefined as never)],
  ])('%s are left out', (_, given) => {
    const kept = warnings();
    kept.add(given);
    expect(kept.growing()).toEqual([]);
  });

  it('are kept of the last twenty emitters', () => {
    const buses = Array.from({ length: 30 }, () => new OrderBus());
    const kept = warnings();
    buses.forEach((bus, i) => {
      listenTo(bus, 11 + i);
      kept.add(warning(bus, 'order'));
    });
    const counts = kept.growing().map(({ count }) => count);
    expect(counts).toEqual(Array.from({ length: 20 }, (_, i) => 40 - i));
  });
});
