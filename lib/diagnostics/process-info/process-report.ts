import type { TimePart } from '../../instrumentation/requests/time-parts.js';

/** The state of the process, without secrets. */
export interface ProcessReport {
  readonly application: { readonly name?: string; readonly version?: string; readonly revision?: string };
  readonly runtime: RuntimeInfo;
  readonly limits: ProcessLimits;
  /** The options with their defaults. Texts are `(set)`, functions `(function)`. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly routes: readonly RouteInfo[];
  readonly modules: readonly ModuleInfo[];
  readonly watched: WatchedClients;
  /** Number of further routes and modules, which are not listed. */
  readonly omitted: { readonly routes: number; readonly modules: number };
}

/** The runtime of the process. */
export interface RuntimeInfo {
  /** Version of nestjs-monitoring. */
  readonly monitoring: string;
  /** Version of Node.js. */
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly arch: string;
  readonly pid: number;
  /** Start of the process, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly uptimeSeconds: number;
  /** Flags of the command line. Values that are no number or switch are `(set)`. */
  readonly flags: readonly string[];
  /** Flags of the environment variable `NODE_OPTIONS`, like {@link flags}. */
  readonly nodeOptions: readonly string[];
}

/** The limits of the process. A limit that does not exist or is not known is left out. */
export interface ProcessLimits {
  /** Maximum size of the heap of V8, in bytes. */
  readonly heapBytes: number;
  /** Memory of the machine, in bytes. */
  readonly machineBytes: number;
  /** Memory limit of the container, in bytes. */
  readonly containerBytes?: number;
  /** Number of processors that the process may use, as far as Node.js knows. */
  readonly processors: number;
  /** CPU limit of the container, in cores. */
  readonly containerCores?: number;
  /** Limits of the operating system by name, such as `openFiles`. */
  readonly system: Readonly<Record<string, { readonly soft: number | null; readonly hard: number | null }>>;
}

/** A route of the application. */
export interface RouteInfo {
  readonly method: string;
  /** Path with the global prefix, the version and the path of the module. */
  readonly path: string;
  readonly version?: string;
  readonly host?: string;
  readonly module: string;
  readonly controller: string;
  readonly handler: string;
  /** Classes of the guards, the global ones first. */
  readonly guards: readonly string[];
  /** Classes of the interceptors, the global ones first. */
  readonly interceptors: readonly string[];
  /** Classes of the pipes, the global ones first, those of single arguments last. */
  readonly pipes: readonly string[];
}

/** A module of the application. */
export interface ModuleInfo {
  /** Name of the class; with a number if several modules have it, such as `ConfigModule#2`. */
  readonly name: string;
  readonly isGlobal: boolean;
  /** Names of the modules that it imports. */
  readonly imports: readonly string[];
  readonly providers: number;
  readonly controllers: number;
}

/** The clients of the application that were found among its providers, as name and library. */
export interface WatchedClients {
  readonly databases: readonly string[];
  readonly caches: readonly string[];
  readonly queues: readonly string[];
}

/** The operations of the application that run. */
export interface InFlightReport {
  /** Number of operations that run and are recorded. */
  readonly running: number;
  /**
   * Share of operations that are recorded, from 0 to 1; 0 if none are. The first ones of each second are recorded in any
   * case.
   */
  readonly sampleRate: number;
  /** The operations, the oldest first. */
  readonly operations: readonly InFlightOperation[];
  /** Number of further operations, which are not listed. */
  readonly omitted: number;
}

/** An operation that runs. */
export interface InFlightOperation {
  readonly id: string;
  /** Kind of the operation, such as `http` or `job`. */
  readonly kind: string;
  /** `Class.method` of the handler, or the name of a job or message; undefined before the handler is known. */
  readonly name?: string;
  /** Route of the handler, such as `GET /orders/:id`. */
  readonly route?: string;
  /** Start of the operation, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly ageMs: number;
  /** Step that runs, such as `guards` or `handler`. */
  readonly phase?: string;
  /** Open waits; empty if its own code runs or it waits for something that is not measured. */
  readonly waits: readonly InFlightWait[];
  /** Time by part so far, in milliseconds. */
  readonly times: Readonly<Record<string, number>>;
}

/** An open wait of an operation. */
export interface InFlightWait {
  readonly part: Exclude<TimePart, 'event_loop' | 'application'>;
  /** Number of equal calls that are open. */
  readonly count: number;
  /** System, such as `postgresql`; undefined if the call is not known. */
  readonly system?: string;
  /** Text of the call without values. */
  readonly call?: string;
  /** Place in the application, such as `OrdersService.list (src/orders.service.ts:42:17)`. */
  readonly site?: string;
}
