import { availableParallelism, totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { inTimeSlices } from '../../primitives/time-slices.js';
import { inFlight } from './in-flight.js';
import { type GraphModule, moduleGraph } from './module-graph.js';
import { flagsOf, redactedFlags } from './node-flags.js';
import type { ProcessSources } from './process-info.js';
import type {
  InFlightReport,
  ProcessLimits,
  ProcessReport,
  RouteInfo,
  RuntimeInfo,
} from './process-report.js';
import { redactedOptions } from './redacted-options.js';
import { routeList } from './route-list.integration.js';
import { safeName } from './safe-name.js';
import { systemLimits } from './system-limits.js';

const MAX_ROUTES = 2_000;
const MAX_MODULES = 500;
const MAX_CLIENTS = 100;
/** Time for which what has been read is used again, in milliseconds. */
const MAX_AGE_MS = 5_000;

/** The reader of the state of the process. It reads in slices of time, and everything once for requests at about the same time. */
export class ProcessReader {
  private readonly reports = new BrieflyKept(() => this.readReport());
  private readonly routes = new BrieflyKept(() => this.readRoutes());
  private readonly routesOfHandlers = new BrieflyKept(async () => routesByHandler(await this.routes.get()));

  constructor(private readonly sources: ProcessSources) {}

  report(): Promise<ProcessReport> {
    return this.reports.get();
  }

  async inFlight(): Promise<InFlightReport> {
    const { operations } = this.sources;
    const routes = await this.routesOfHandlers.get();
    return inFlight(operations, routes);
  }

  private readRoutes(): Promise<RouteInfo[]> {
    const { modules, config } = this.sources;
    return inTimeSlices(routeList(modules, config));
  }

  private async readReport(): Promise<ProcessReport> {
    const { sources } = this;
    const modules: readonly GraphModule[] = [...sources.modules.values()];
    const routes = await this.routes.get();
    return {
      application: applicationInfo(sources),
      runtime: runtimeInfo(sources.version),
      limits: await limits(sources),
      options: redactedOptions(sources.options),
      routes: routes.slice(0, MAX_ROUTES),
      modules: await inTimeSlices(moduleGraph(modules, MAX_MODULES)),
      watched: {
        databases: clientNames(sources.clients.databases()),
        caches: clientNames(sources.clients.caches()),
        queues: clientNames(sources.clients.queues()),
      },
      omitted: {
        routes: Math.max(routes.length - MAX_ROUTES, 0),
        modules: Math.max(modules.length - MAX_MODULES, 0),
      },
    };
  }
}

/** A value that is read when it is asked for, and kept for {@link MAX_AGE_MS}. */
class BrieflyKept<T> {
  private kept: { readonly value: Promise<T>; readonly readAt: number } | undefined;

  constructor(private readonly read: () => Promise<T>) {}

  get(): Promise<T> {
    const now = performance.now();
    if (this.kept === undefined || now - this.kept.readAt >= MAX_AGE_MS) {
      this.kept = { value: this.read(), readAt: now };
      // A failure is not kept; whoever asked gets it.
      this.kept.value.catch(() => (this.kept = undefined));
    }
    return this.kept.value;
  }
}

function applicationInfo({ build }: ProcessSources): ProcessReport['application'] {
  try {
    return Object.fromEntries(Object.entries(build()).map(([name, value]) => [name, safeName(value)]));
  } catch {
    // The package file is gone, or the working directory another one.
    return {};
  }
}

function runtimeInfo(monitoring: string): RuntimeInfo {
  return {
    monitoring,
    node: process.version,
    v8: process.versions.v8,
    platform: process.platform,
    arch: process.arch,
    pid: process.pid,
    startedAt: Math.round(performance.timeOrigin),
    uptimeSeconds: Math.round(process.uptime()),
    flags: redactedFlags(process.execArgv),
    nodeOptions: redactedFlags(flagsOf(process.env['NODE_OPTIONS'])),
  };
}

async function limits({ container }: ProcessSources): Promise<ProcessLimits> {
  const machineBytes = totalmem();
  const processors = availableParallelism();
  const { memoryBytes, cores } = container(machineBytes, processors);
  return {
    heapBytes: getHeapStatistics().heap_size_limit,
    machineBytes,
    ...(memoryBytes !== undefined && { containerBytes: memoryBytes }),
    processors,
    ...(cores !== undefined && { containerCores: cores }),
    system: await systemLimits(),
  };
}

function clientNames(names: readonly string[]): string[] {
  const more = names.length - MAX_CLIENTS;
  const shown = names.slice(0, MAX_CLIENTS).map(safeName);
  return more > 0 ? [...shown, `(${more} more)`] : shown;
}

/** Returns the route of each handler, as `Class.method`; undefined for one of several routes. */
function routesByHandler(routes: readonly RouteInfo[]): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const { controller, handler, method, path } of routes) {
    const name = `${controller}.${handler}`;
    found.set(name, found.has(name) ? undefined : `${method} ${path}`);
  }
  return found;
}
