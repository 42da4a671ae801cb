/** A provider, controller or other injectable, as Nest keeps it. */
export interface StartedInstance {
  readonly token: unknown;
  readonly instance: unknown;
  readonly isAlias: boolean;
  readonly isTransient: boolean;
  /** Time from the beginning of its creation to its end, in milliseconds. */
  readonly initTime?: number;
  isDependencyTreeStatic(): boolean;
}

/** The time in which an instance was created. */
export interface InstanceTime {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** A module, as Nest keeps it. */
export interface StartedModule {
  readonly name: string;
  readonly providers: ReadonlyMap<unknown, StartedInstance>;
  readonly injectables: ReadonlyMap<unknown, StartedInstance>;
  readonly controllers: ReadonlyMap<unknown, StartedInstance>;
}

/** One hook of one instance. */
export interface StartedHook {
  readonly instance: object;
  readonly kind: 'onModuleInit' | 'onApplicationBootstrap';
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Milliseconds since the process started. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/** The known times of a start, in milliseconds since the process started. */
export interface StartTimes {
  readonly modules: readonly StartedModule[];
  readonly hooks: readonly StartedHook[];
  /** A token of each module of this library. */
  readonly ownTokens: readonly unknown[];
  /** Undefined for an application that is not the first one of its process. */
  readonly imports: { readonly libraryMs: number; readonly definedAt: number } | undefined;
  /** Returns the time in which an instance was created, by how Nest keeps it; undefined if that was not observed. */
  readonly observed: (wrapper: object) => InstanceTime | undefined;
  /** The provider that observes the others once it is created. */
  readonly observer: { readonly token: unknown; readonly startedAt: number };
  /** The steps of monitoring at each moment of the start. */
  readonly init: TimeSpan | undefined;
  readonly bootstrap: TimeSpan | undefined;
  readonly started: TimeSpan | undefined;
  readonly listeningAt: number | undefined;
}
