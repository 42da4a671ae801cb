import { describe, expect, it } from '@jest/globals';
import type { Alert } from '../../../lib/alerting/alert.js';
import type { AlertContext } from '../../../lib/alerting/context/alert-context.js';
import { AlertContexts } from '../../../lib/alerting/context/alert-contexts.js';
import { Guard } from '../../../lib/primitives/guard.js';

const CONTEXT: AlertContext = { summary: 'A cause.', causes: [], worst: [], changes: [], traceId: undefined };

function alert(more: Partial<Alert> = {}): Alert {
  return {
    rule: 'rule',
    severity: 'warning',
    message: 'message',
    state: 'firing',
    value: 1,
    labels: {},
    annotations: {},
    fingerprint: 'a',
    activeAt: 0,
    firedAt: 1,
    ...more,
  };
}

type OnContext = (context: AlertContext) => void;

function contexts(read: (onContext: OnContext) => Promise<void>) {
  const errors: unknown[] = [];
  const asked: Alert[] = [];
  const all = new AlertContexts(
    (each, onContext) => {
      asked.push(each);
      return read(onContext);
    },
    new Guard((error) => void errors.push(error)),
  );
  return { all, asked, errors };
}

async function found(onContext: OnContext): Promise<void> {
  onContext(CONTEXT);
}

describe('the contexts of alerts', () => {
  it('are read once for each episode, by whichever channel is first', async () => {
    const { all, asked } = contexts(found);
    const both = await Promise.all([all.addTo([alert()]), all.addTo([alert()])]);
    expect(both.flat().map(({ context }) => context)).toEqual([CONTEXT, CONTEXT]);
    await all.addTo([alert()]);
    expect(asked).toHaveLength(1);
    await all.addTo([alert({ firedAt: 2 })]);
    expect(asked).toHaveLength(2);
  });

  it('stay with an alert that is resolved, and are not read for one', async () => {
    const { all, asked } = contexts(found);
    const [unknown] = await all.addTo([alert({ state: 'resolved', fingerprint: 'b' })]);
    expect(unknown?.context).toBeUndefined();
    await all.addTo([alert()]);
    const [resolved] = await all.addTo([alert({ state: 'resolved', resolvedAt: 3 })]);
    expect(resolved?.context).toBe(CONTEXT);
    expect(asked).toHaveLength(1);
  });

  it('do not keep a notification back for longer than a moment', async () => {
    let finish: OnContext = () => undefined;
    const { all } = contexts(async (onContext) => {
      finish = onContext;
      await new Promise(() => undefined);
    });
    const [early] = await all.addTo([alert()]);
    expect(early?.context).toBeUndefined();
    finish(CONTEXT);
    const [late] = await all.addTo([alert()]);
    expect(late?.context).toBe(CONTEXT);
  });

  it('have the causes at once, also if the rest of them takes longer or cannot be read', async () => {
    const slow = contexts(async (onContext) => {
      onContext(CONTEXT);
      await new Promise(() => undefined);
    });
    expect(await slow.all.addTo([alert()])).toEqual([alert({ context: CONTEXT })]);
    const failing = contexts(async (onContext) => {
      onContext(CONTEXT);
      throw new Error('no history');
    });
    expect(await failing.all.addTo([alert()])).toEqual([alert({ context: CONTEXT })]);
    expect(failing.errors).toHaveLength(1);
  });

  it('are missing where they cannot be read', async () => {
    const { all, errors } = contexts(() => Promise.reject(new Error('no history')));
    const [without] = await all.addTo([alert()]);
    expect(without).toEqual(alert());
    expect(errors).toEqual([new Error('no history')]);
  });

  it('are read for ten alerts of a notification, and kept for a thousand', async () => {
    const { all, asked } = contexts(found);
    const many = Array.from({ length: 50 }, (_, i) => alert({ fingerprint: `many ${i}` }));
    expect(await all.addTo(many)).toHaveLength(50);
    expect(asked).toHaveLength(10);
    for (let i = 0; i < 1_000; i++) await all.addTo([alert({ fingerprint: `later ${i}` })]);
    expect(all.of(many[0]!)).toBeUndefined();
    expect(all.of(alert({ fingerprint: 'later 999' }))).toBe(CONTEXT);
  });
});
