import type { Operations } from '../../instrumentation/requests/operations.js';
import type { InFlightReport, ProcessReport } from './process-report.js';
import type { routeList } from './route-list.integration.js';
import { loadInTurn } from '../../primitives/load-in-turn.js';

/** The sources of the state of the process. */
export interface ProcessSources {
  readonly modules: Parameters<typeof routeList>[0];
  readonly config: Parameters<typeof routeList>[1];
  readonly operations: Operations | undefined;
  /** The options with their defaults. */
  readonly options: object;
  /** Version of this library. */
  readonly version: string;
  readonly build: () => Readonly<Record<string, string | undefined>>;
  /** Limits of the container; undefined for none. */
  readonly container: (
    machineBytes: number,
    processors: number,
  ) => { readonly memoryBytes: number | undefined; readonly cores: number | undefined };
  readonly clients: Readonly<Record<'databases' | 'caches' | 'queues', () => readonly string[]>>;
}

/** The state of the process: versions, limits, options, routes, modules, and the operations that run. Inject it to read it. */
export class ProcessInfo {
  private reading:
    Promise<{ report(): Promise<ProcessReport>; inFlight(): Promise<InFlightReport> }> | undefined;

  constructor(private readonly sources?: ProcessSources) {}

  /** Returns the state of the process, without secrets; undefined if `diagnostics.processInfo` is false. */
  async report(): Promise<ProcessReport | undefined> {
    return this.sources && (await this.reader(this.sources)).report();
  }

  /** Returns the operations that run, the oldest first; undefined if `diagnostics.processInfo` is false. */
  async inFlight(): Promise<InFlightReport | undefined> {
    return this.sources && (await this.reader(this.sources)).inFlight();
  }

  /** Loads the reader, which an application may never need. */
  private reader(sources: ProcessSources): NonNullable<typeof this.reading> {
    return (this.reading ??= loadInTurn(() => import('./process-reader.js')).then(
      ({ ProcessReader }) => new ProcessReader(sources),
    ));
  }
}
