import { relative, sep } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/**
 * Files that take much longer than others, with the seconds that each takes on two cores. Where Jest has not run them
 * yet, as in a fresh clone, it knows only their size, and would leave a short file that takes long to the end, where
 * one worker runs it while the others have nothing left.
 */
export const LONG_FILES = {
  'test/services/dashboard.spec.ts': 150,
  'test/services/flight-recorder.spec.ts': 150,
  'test/services/profiles.spec.ts': 110,
  'test/services/blocked-loop.spec.ts': 105,
  'test/services/diagnostics-page.spec.ts': 80,
  'test/services/shutdown.spec.ts': 70,
  'test/services/sample-app-incident.spec.ts': 65,
  'test/services/dashboard-updates.spec.ts': 60,
  'test/cluster/cluster.long.spec.ts': 60,
  'test/services/health-stall.spec.ts': 55,
  'test/services/grafana.spec.ts': 50,
  'test/services/memory-growth.spec.ts': 50,
  'test/services/promtool-rules.spec.ts': 50,
  'test/instrumentation/requests/crash-file.long.spec.ts': 50,
  'test/instrumentation/logs/printed-bytes.long.spec.ts': 45,
  'test/module/monitoring.lives.long.spec.ts': 45,
  'test/security/linear-time.long.spec.ts': 45,
  'test/e2e/endpoints.long.spec.ts': 40,
  'test/services/blocked-loop.processes.spec.ts': 35,
  'test/services/conventions.spec.ts': 35,
  'test/services/drain.spec.ts': 35,
  'test/services/health-outage.spec.ts': 35,
  'test/services/rolling-restart.spec.ts': 35,
  'test/diagnostics/profiles/profiles.long.spec.ts': 30,
  'test/services/fleet.spec.ts': 30,
  'test/services/sample-app.spec.ts': 30,
  'test/e2e/request-context.long.spec.ts': 25,
  'test/faults/failed-start.long.spec.ts': 25,
  'test/services/alertmanager.spec.ts': 25,
  'test/services/dependencies.spec.ts': 25,
  'test/services/loaded-parts.spec.ts': 25,
  'test/security/regular-expressions.long.spec.ts': 25,
  'test/faults/application-faults.long.spec.ts': 20,
  'test/sample-app/migrating.long.spec.ts': 20,
  'test/services/redis-statistics.spec.ts': 20,
  'test/services/remote-write.spec.ts': 20,
  'test/services/without-http.spec.ts': 20,
  'test/dashboard/slices.long.spec.ts': 20,
};

/** What a kilobyte of a file is taken for that is not among them. */
const MS_PER_KILOBYTE = 500;

/** Starts the files that take longest first, so that all workers have something to do until the end. */
export default class LongestFirst extends TestSequencer {
  /** The time that a file took, or what it probably takes, in milliseconds. */
  time(test) {
    const { config, hasteFS } = test.context;
    const path = relative(config.rootDir, test.path).split(sep).join('/');
    const expected =
      (LONG_FILES[path] ?? 0) * 1_000 || ((hasteFS.getSize(test.path) ?? 0) / 1_000) * MS_PER_KILOBYTE;
    return super.time(test) ?? expected;
  }
}
