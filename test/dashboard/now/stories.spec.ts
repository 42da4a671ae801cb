import { it } from '@jest/globals';
import { DashboardAlerts } from '../../../lib/dashboard/dashboard-alerts.js';
import { VerdictReader } from '../../../lib/dashboard/now/verdict-reader.js';
import { testAlerting } from '../../alerting/support.js';
const HEALTHY = { status: 'healthy', message: 'ok', durationMs: 1 } as const;
function app(intervalMs = 15_000) {
  const t = testAlerting({ intervalMs });
  const { registry, history, clock, alerting } = t;
  const requests = registry.counter('http_requests_total', 'R.', {
    labelNames: ['method', 'route', 'status_code'],
  });
  const duration = registry.timer('http_request_duration_seconds', 'D.', {
    labelNames: ['method', 'route', 'status_code'],
  });
  const disk = registry.gauge('disk_ratio', 'D.');
  history.retain({ metric: 'http_requests_total' });
  history.retain({ metric: 'http_request_duration_seconds' });
  const serve = (route: string, status: string, count = 1, ms = 10) => {
    const labels = { method: 'GET', route, status_code: status };
    requests.inc(labels, count);
    for (let i = 0; i < count; i++) duration.observe(labels, ms);
  };
  const causes: any[] = [];
  const checks: any = {};
  const reader = new VerdictReader({
    history,
    records: { causes: (w: number) => causes.filter(({ lastAt }) => lastAt >= clock.now() - w) },
    blocks: { find: () => [] },
    timeline: { events: () => [] },
    alerting,
  });
  const rows = new DashboardAlerts(alerting, {} as never, {} as never);
  const verdict = async () => {
    const v = await reader.read({
      timestamp: clock.now(),
      health: { status: 'healthy', timestamp: '', checks },
      alerts: rows.alerts().filter(({ state }) => state !== 'resolved'),
      vitals: [],
    });
    return `${new Date(clock.now()).toISOString().slice(11, 19)} [${v.state}] ${v.text} about=${v.about}`;
  };
  const log: string[] = [];
  const run = async (n: number, work?: (i: number) => void) => {
    for (let i = 0; i < n; i++) {
      await t.step(() => work?.(i));
      const v = await verdict();
      if (log.at(-1)?.slice(9) !== v.slice(9)) log.push(v);
    }
  };
  return { ...t, serve, disk, causes, checks, run, verdict, log };
}
const FAIL: any = {
  name: 'errors',
  severity: 'critical',
  message: 'Requests fail.',
  condition: {
    metric: 'http_requests_total',
    labels: { status_code: /5../ },
    aggregate: 'increase',
    windowMs: 60_000,
    groupBy: [],
    operator: '>',
    threshold: 1,
  },
};
const DISK: any = {
  name: 'disk',
  severity: 'critical',
  message: 'The disk is full.',
  condition: { metric: 'disk_ratio', operator: '>', threshold: 0.9 },
};
async function story(name: string, intervalMs: number, tell: (a: ReturnType<typeof app>) => Promise<void>) {
  it(name, async () => {
    const a = app(intervalMs);
    await tell(a);
    process.stdout.write(`\n## ${name}\n${a.log.join('\n')}\n`);
  });
}
story('slow alerting', 60_000, async (a) => {
  a.alerting.addAlertRule(FAIL);
  a.alerting.start();
  await a.run(5, () => a.serve('/a', '200', 10));
  await a.run(1, () => {
    a.serve('/a', '500', 5);
    a.serve('/a', '200', 5);
  });
  await a.run(20, () => a.serve('/a', '200', 10));
});
story('disk full during', 15_000, async (a) => {
  a.alerting.addAlertRule(FAIL);
  a.alerting.addAlertRule(DISK);
  a.disk.set(0.1);
  a.alerting.start();
  await a.run(5, () => a.serve('/a', '200', 10));
  await a.run(2, () => {
    a.serve('/a', '500', 5);
    a.serve('/a', '200', 5);
  });
  a.disk.set(0.95);
  await a.run(2, () => {
    a.serve('/a', '500', 5);
    a.serve('/a', '200', 5);
  });
  await a.run(20, () => a.serve('/a', '200', 10));
});
story('nobody asks afterwards', 15_000, async (a) => {
  await a.run(5, () => a.serve('/b', '200', 10));
  await a.run(2, () => {
    a.serve('/b', '200', 10);
    a.serve('/a', '500', 5);
  });
  await a.run(25, () => a.serve('/b', '200', 10));
});
story('two routes one after the other', 15_000, async (a) => {
  const other = (r: string) =>
    ['/a', '/b', '/c'].filter((x) => x !== r).forEach((x) => a.serve(x, '200', 10));
  await a.run(5, () => other(''));
  await a.run(8, () => {
    other('/a');
    a.serve('/a', '500', 5);
    a.serve('/a', '200', 5);
  });
  await a.run(8, () => {
    other('/b');
    a.serve('/b', '500', 3);
    a.serve('/b', '200', 7);
  });
  await a.run(20, () => other(''));
});
story('failure at the start', 15_000, async (a) => {
  a.causes.push({
    name: 'GET /a',
    hasFailed: true,
    cause: { kind: 'exception', text: 'TypeError.' },
    maxDurationMs: 3,
    lastAt: a.clock.now(),
  });
  a.log.push(await a.verdict());
  await a.run(1, () => a.serve('/a', '500', 3));
  await a.run(4, () => a.serve('/a', '500', 3));
  await a.run(30, () => a.serve('/a', '200', 30));
});
story('all slow', 15_000, async (a) => {
  await a.run(5, () => a.serve('/a', '200', 10));
  a.causes.push({
    name: 'GET /a',
    hasFailed: false,
    cause: { kind: 'slow_call', text: 'postgresql: SELECT took 90 %.' },
    maxDurationMs: 9000,
    lastAt: a.clock.now(),
  });
  await a.run(3, () => a.serve('/a', '200', 10, 8000));
  await a.run(25, () => a.serve('/a', '200', 10));
});
story('alert before any traffic', 15_000, async (a) => {
  a.alerting.addAlertRule(DISK);
  a.disk.set(0.95);
  a.alerting.start();
  a.causes.push({
    name: 'job sync',
    hasFailed: true,
    cause: { kind: 'exception', text: 'TypeError.' },
    maxDurationMs: 3,
    lastAt: a.clock.now(),
  });
  a.log.push(await a.verdict());
  await a.run(3);
  await a.run(3, () => a.serve('/a', '200', 10));
});
story('missing metric', 15_000, async (a) => {
  a.alerting.addAlertRule({
    name: 'no_orders',
    severity: 'warning',
    message: 'Only {{ value }} orders.',
    noData: 'alert',
    allowMissingMetric: true,
    condition: { metric: 'orders_total', aggregate: 'rate', operator: '<', threshold: 1 },
  } as any);
  a.alerting.addAlertRule({
    name: 'no_orders2',
    severity: 'warning',
    noData: 'ok',
    allowMissingMetric: true,
    condition: { metric: 'orders_total', aggregate: 'rate', operator: '<', threshold: 1 },
  } as any);
  a.alerting.start();
  await a.run(3, () => a.serve('/a', '200', 10));
});
story('resolved and new in the same minute', 15_000, async (a) => {
  a.alerting.addAlertRule(DISK);
  a.disk.set(0.95);
  a.alerting.start();
  await a.run(3, () => a.serve('/a', '200', 10));
  a.disk.set(0.1);
  await a.run(1, () => a.serve('/a', '200', 10));
  a.disk.set(0.95);
  await a.run(2, () => a.serve('/a', '200', 10));
});
story('clock set back', 15_000, async (a) => {
  a.alerting.addAlertRule(FAIL);
  a.alerting.addAlertRule(DISK);
  a.disk.set(0.1);
  a.alerting.start();
  await a.run(5, () => a.serve('/a', '200', 10));
  a.causes.push({
    name: 'GET /a',
    hasFailed: true,
    cause: { kind: 'exception', text: 'TypeError.' },
    maxDurationMs: 3,
    lastAt: a.clock.now(),
  });
  await a.run(4, () => {
    a.serve('/a', '500', 5);
    a.serve('/a', '200', 5);
  });
  a.log.push('--back');
  a.clock.jumpTo(a.clock.now() - 3_600_000);
  await a.run(30, () => a.serve('/a', '200', 1));
});
story('clock set back in failure', 15_000, async (a) => {
  a.alerting.addAlertRule(FAIL);
  a.alerting.start();
  await a.run(5, () => a.serve('/a', '200', 10));
  await a.run(4, () => {
    a.serve('/a', '500', 5);
    a.serve('/a', '200', 5);
  });
  a.log.push('--back');
  a.clock.jumpTo(a.clock.now() - 3_600_000);
  await a.run(10, () => {
    a.serve('/a', '500', 5);
    a.serve('/a', '200', 5);
  });
});
story('one an hour', 15_000, async (a) => {
  const fail = () => {
    a.serve('/a', '500');
    a.causes.splice(0);
    a.causes.push({
      name: 'GET /a',
      hasFailed: true,
      cause: { kind: 'exception', text: 'TypeError.' },
      maxDurationMs: 3,
      lastAt: a.clock.now(),
    });
  };
  await a.run(3);
  await a.run(500, (i) => i % 240 === 10 && fail());
});
story('one a minute, always failing', 15_000, async (a) => {
  await a.run(3);
  await a.run(40, (i) => i % 4 === 1 && a.serve('/a', '500'));
});
story('critical and warning', 15_000, async (a) => {
  a.alerting.addAlertRule(DISK);
  a.disk.set(0.95);
  a.alerting.start();
  a.checks.cache = { ...HEALTHY, status: 'degraded', message: 'Slow.' };
  await a.run(5, () => a.serve('/a', '200', 100));
  await a.run(5, () => {
    a.serve('/a', '500', 5);
    a.serve('/a', '200', 95);
  });
  await a.run(5, () => a.serve('/a', '200', 100));
});
