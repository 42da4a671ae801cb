import { it } from '@jest/globals';
import * as fc from 'fast-check';
import { VerdictReader } from '../../../lib/dashboard/now/verdict-reader.js';
import { past, SECOND } from '../../history/support.js';
const ROUTES = ['/a', '/b', '/c'];
const step = fc.record({ ok: fc.constantFrom(0, 0, 1, 10, 1000), bad: fc.constantFrom(0, 0, 0, 1, 10) });
const phase = fc.record({ length: fc.integer({ min: 1, max: 12 }), steps: fc.tuple(step, step, step) });
it('holds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(1, 15, 60, 120),
      fc.array(phase, { minLength: 1, maxLength: 6 }),
      async (s, phases) => {
        const { registry, history, run, clock } = past({ intervalMs: s * SECOND });
        const requests = registry.counter('http_requests_total', 'R.', {
          labelNames: ['method', 'route', 'status_code'],
        });
        history.retain({ metric: 'http_requests_total' });
        const reader = new VerdictReader({
          history,
          records: { causes: () => [] },
          blocks: { find: () => [] },
          timeline: { events: () => [] },
          alerting: { intervalMs: 15_000, rules: () => [] },
        });
        const quiet = Math.max(120, 4 * s);
        const past_: { at: number; route: string; ok: number; bad: number }[] = [];
        for (const { length, steps } of phases) {
          for (let i = 0; i < length; i++) {
            run(1, () =>
              steps.forEach(({ ok, bad }, r) => {
                const labels = { method: 'GET', route: ROUTES[r]! };
                if (ok) requests.inc({ ...labels, status_code: '200' }, ok);
                if (bad) requests.inc({ ...labels, status_code: '500' }, bad);
                past_.push({ at: clock.now() / 1000, route: ROUTES[r]!, ok, bad });
              }),
            );
            const now = clock.now() / 1000;
            const { text, state, route } = await reader.read({
              timestamp: clock.now(),
              health: { status: 'healthy', timestamp: '', checks: {} },
              alerts: [],
              vitals: [],
            });
            const of = (name: string, within: number) =>
              past_.filter((p) => p.route === name && p.at > now - within);
            const bads = (name: string, within: number) => of(name, within).reduce((n, p) => n + p.bad, 0);
            const asked = (name: string, within: number) =>
              of(name, within).reduce((n, p) => n + p.bad + p.ok, 0);
            const fail = (why: string) => {
              throw new Error(
                `${why}: ${s}s ${state} ${text}\n${past_
                  .slice(-60)
                  .map((p) => `${p.at - now} ${p.route} ${p.ok}/${p.bad}`)
                  .join('\n')}`,
              );
            };
            const r = route?.route ?? '';
            if (/(has|have) failed/.test(text)) {
              if (bads(r, quiet + s) === 0) fail('no failure lately');
              if (asked(r, Math.min(quiet, quiet)) === 0) fail('not asked');
            }
            if (/no request since/.test(text) && asked(r, Math.max(30, s)) > 0) fail('asked');
            if (/^No request fails/.test(text) && ROUTES.some((x) => bads(x, s) > 0)) fail('fails');
            if (/^No requests/.test(text) && ROUTES.some((x) => asked(x, 300 - s) > 0)) fail('requests');
            if (state === 'ok' && ROUTES.some((x) => bads(x, s) > 0 && bads(x, 300) / asked(x, 300) > 0.1))
              fail('state');
            if (/ failed (\d|at|from)/.test(text) && !/no request since|has|have/.test(text) && asked(r, s) > 0 && bads(r, s) / asked(r, s) > 0.1) fail('not over');
          const more = Number(/(\d+) more route/.exec(text)?.[1] ?? 0);
            if (more > ROUTES.filter((x) => x !== r && bads(x, quiet + s) > 0).length) fail('more');
            if (/of the requests fail/.test(text) && !ROUTES.some((x) => bads(x, quiet + s) > 0))
              fail('none fails');
          }
        }
      },
    ),
    { numRuns: 1500 },
  );
}, 600_000);
