import type { DashboardSources } from './dashboard-sources.js';
import { readNow } from './now/now-data.js';
import type { TimeRange } from './views/time-range.js';
import { inTimeSlices } from '../primitives/time-slices.js';

const MAX_RECORDS = 50;

/**
 * Returns what the dashboard knows about an incident, for a ticket or a postmortem. It has no value of a request, a
 * statement or a credential, as the pages have none.
 */
export async function incidentReport(
  { feed, history, alerts, records, errors, blocks, process, lastExit, memory, startup }: DashboardSources,
  range: TimeRange,
): Promise<Readonly<Record<string, unknown>>> {
  const [overview, now, processReport, inFlight] = await Promise.all([
    feed.current(),
    inTimeSlices(readNow(history, range)),
    process.report(),
    process.inFlight(),
  ]);
  const { service, instance, timestamp, status, verdict, events, vitals, health } = overview;
  return {
    format: 'nestjs-monitoring incident 1',
    service,
    instance,
    at: new Date(timestamp).toISOString(),
    range,
    status,
    verdict,
    events,
    vitals,
    health,
    alerts: { alerts: alerts.alerts(), rules: alerts.rules(), silences: alerts.silences() },
    causes: records.causes(),
    records: {
      failures: records.find({ list: 'failures', limit: MAX_RECORDS }),
      slowest: records.find({ list: 'slowest', limit: MAX_RECORDS }),
    },
    errors: errors.find({ limit: MAX_RECORDS }),
    routes: now.routes,
    changes: now.changes,
    blocks: blocks.find(),
    process: processReport,
    inFlight,
    memory: memory.report(),
    startup: startup.report(),
    lastExit: lastExit.get(),
  };
}
