import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { SafeLogger } from '../../primitives/safe-logger.js';
import { importTimes } from './import-times.js';
import type { StartupReport } from './startup-report.js';
import { ownModuleNames, readStart, slowestLine } from './start-reader.js';
import type { InstanceTime, StartedHook, StartedModule, StartTimes } from './start-times.js';

/** Upper limit for the hooks of a start that are kept until they are read. */
const MAX_HOOKS = 20_000;

/** A hook of an instance that runs. */
export type RunningHook = Pick<StartedHook, 'instance' | 'kind' | 'startedAt'> & { endedAt: number };

/** The observation of the creation of instances. */
interface ObservedInstances {
  readonly startedAt: number;
  of(wrapper: object): InstanceTime | undefined;
  stop(): void;
}

/**
 * The recorder of the times of a start. The hooks are observed by the watch that observes them anyway. It is read once, when
 * the application has started.
 */
export class StartRecorder {
  private readonly seconds: Gauge<'phase'>;
  private readonly imports = importTimes.take();
  private modules: readonly StartedModule[] = [];
  private hooks: RunningHook[] = [];
  private readonly moments = new Map<string, { readonly from: number; readonly to: number }>();
  private listeningAt: number | undefined;
  /** The times of the start; undefined until it is over. */
  report: StartupReport | undefined;

  /**
   * @param container the modules of the application
   * @param instancesToken the token of `instances`
   * @param ownTokens a token of each module of this library
   */
  constructor(
    registry: MetricsRegistry,
    private readonly container: ReadonlyMap<string, StartedModule>,
    private readonly instances: ObservedInstances,
    private readonly instancesToken: unknown,
    private readonly ownTokens: readonly unknown[],
    private readonly logger: Pick<SafeLogger, 'debug'>,
  ) {
    this.seconds = registry.gauge(
      'application_startup_seconds',
      'Time of each phase of the start of the application.',
      { labelNames: ['phase'], aggregate: 'max' },
    );
  }

  /** Notes the modules whose instances have been created: modules that are loaded later are no part of the start. */
  instancesCreated(): void {
    this.instances.stop();
    this.modules = [...this.container.values()];
  }

  /** Records that a hook begins. @returns undefined beyond the limit, and once the start is over */
  hookBegins(instance: object, kind: StartedHook['kind']): RunningHook | undefined {
    if (this.report !== undefined || this.hooks.length >= MAX_HOOKS) return undefined;
    const startedAt = performance.now();
    const hook = { instance, kind, startedAt, endedAt: startedAt };
    this.hooks.push(hook);
    return hook;
  }

  /** Records the time that monitoring itself took at a moment of the start. */
  ran(moment: string, from: number, to: number): void {
    this.moments.set(moment, { from, to });
  }

  /** Records that the server of the application listens. */
  listening(): void {
    this.listeningAt ??= performance.now();
  }

  /** Ends the observation of a start that was abandoned, such as that of a test that creates an application and never starts it. */
  stop(): void {
    this.instances.stop();
  }

  /** Reads the times, sets the metric and logs the slowest ones. */
  async read(): Promise<void> {
    const times = this.times();
    const report = await readStart(times);
    this.report = report;
    this.modules = [];
    this.hooks = [];
    for (const { phase, durationMs } of report.phases) this.seconds.set({ phase }, durationMs / 1000);
    const line = slowestLine(report, ownModuleNames(times));
    if (line !== undefined) this.logger.debug(line);
  }

  private times(): StartTimes {
    const { modules, hooks, moments, instances, instancesToken, ownTokens, imports, listeningAt } = this;
    return {
      modules,
      hooks,
      ownTokens,
      imports,
      observed: (wrapper) => instances.of(wrapper),
      observer: { token: instancesToken, startedAt: instances.startedAt },
      init: moments.get('init'),
      bootstrap: moments.get('bootstrap'),
      started: moments.get('started'),
      listeningAt,
    };
  }
}
