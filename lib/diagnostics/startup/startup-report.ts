/** The phases of a start, in the order in which they come. Together they are the whole start. */
export const STARTUP_PHASES = [
  'node',
  'imports',
  'scan',
  'instances',
  'setup',
  'on_module_init',
  'on_application_bootstrap',
  'listen',
] as const;
/** Name of a phase of the start. */
export type StartupPhaseName = (typeof STARTUP_PHASES)[number];

/** A phase of the start. */
export interface StartupPhase {
  readonly phase: StartupPhaseName;
  /** Time from the beginning of the start, in milliseconds. */
  readonly startMs: number;
  readonly durationMs: number;
}

/** The creation of one instance, or one hook of it. */
export interface StartupStep {
  /** Class or injection token. */
  readonly name: string;
  readonly module: string;
  readonly kind: 'instance' | 'onModuleInit' | 'onApplicationBootstrap';
  /** Time from its beginning to its end, in milliseconds, with what else ran or was waited for meanwhile. */
  readonly durationMs: number;
  /** Time by which it made the start longer, in milliseconds: from the end of the step before it to its own end. */
  readonly addedMs: number;
}

/** The part of one module in the start. */
export interface StartupModule {
  readonly name: string;
  /** Number of instances that were created. */
  readonly instances: number;
  /** Number of hooks that ran. */
  readonly hooks: number;
  /** Time by which its instances made the start longer, in milliseconds. */
  readonly instancesMs: number;
  /** Time by which its hooks made the start longer, in milliseconds. */
  readonly hooksMs: number;
  /** Time by which it made the start longer, in milliseconds. */
  readonly addedMs: number;
}

/** The part of the monitoring itself in the start, in milliseconds. */
export interface StartupOfMonitoring {
  /** Time in which its files ran when they were imported, in milliseconds, without reading them. */
  readonly importMs: number;
  readonly instancesMs: number;
  readonly hooksMs: number;
  readonly totalMs: number;
}

/** A node of the tree of a start, for a flame. */
export interface StartupNode {
  readonly name: string;
  /** Time by which it made the start longer, in milliseconds. That of its children is part of it. */
  readonly ms: number;
  readonly children?: readonly StartupNode[];
}

/** The times of a start. */
export interface StartupReport {
  /** Beginning of the start, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly totalMs: number;
  readonly phases: readonly StartupPhase[];
  readonly monitoring: StartupOfMonitoring;
  /** The modules, the slowest first. */
  readonly modules: readonly StartupModule[];
  /** The instances and hooks, the slowest first. */
  readonly steps: readonly StartupStep[];
  /** Number of further modules and steps, which are not listed. */
  readonly omitted: { readonly modules: number; readonly steps: number };
  readonly tree: StartupNode;
}
