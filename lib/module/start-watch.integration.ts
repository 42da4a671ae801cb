import { Logger } from '@nestjs/common';
import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { listenTo } from '../primitives/emitter-listener.js';
import { Guard } from '../primitives/guard.js';
import { patchMethod } from '../primitives/method-patch.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { isObject } from '../primitives/is-object.js';

/** A part that listens to the process while the application runs. It can start again after it was stopped. */
export interface ProcessListener {
  start(): void;
  stop(): void;
}

const START_HOOKS = ['onModuleInit', 'onApplicationBootstrap'] as const;
type StartHook = (typeof START_HOOKS)[number];

/** A recorder of the times of the hooks of a start. */
interface HookTimes {
  /** Records that a hook begins. @returns an object whose `endedAt` is to be set; undefined if it is not recorded */
  hookBegins(instance: object, hook: StartHook): { endedAt: number } | undefined;
}

/**
 * A watch for a failing start, which Nest reports to no provider: it calls no further hook. The watch observes the start
 * hooks of every provider until the application has started.
 *
 * An application that cannot listen has started, and may try another port: its process listeners are stopped then, and
 * start again when it listens.
 */
export class StartWatch {
  // An error of the watch itself affects no measurement, so that it is not reported.
  private readonly guard = new Guard(() => undefined);
  private readonly logger = new SafeLogger(new Logger('Monitoring'));
  private readonly restore: (() => void)[] = [];
  private areStopped = false;
  private hasFailed = false;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly host: HttpAdapterHost,
    private readonly processListeners: readonly ProcessListener[],
    private readonly enabled: boolean,
    private readonly times?: HookTimes,
  ) {}

  /** Starts to watch. Must run before any hook that could fail. @param onFailure called once, when a hook has failed */
  start(onFailure: () => void): void {
    if (!this.enabled) return;
    const failed = (): void => {
      if (this.hasFailed) return;
      this.hasFailed = true;
      this.stop();
      // Nest still calls the other hooks of the same module, in the same turn.
      queueMicrotask(onFailure);
    };
    for (const instance of this.instances()) {
      for (const hook of START_HOOKS) {
        this.restore.push(
          patchMethod(instance, hook, this.guard, () => {
            const running = this.times?.hookBegins(instance, hook);
            const ended = (): void => void (running && (running.endedAt = performance.now()));
            return { threw: failed, rejected: failed, returned: ended, fulfilled: ended };
          }),
        );
      }
    }
  }

  /** Ends the watch over the hooks, all of which have run, and begins that over `listen()`. */
  succeeded(): void {
    this.stop();
    if (this.hasFailed) {
      // A provider has called the hook of another one and caught its error.
      this.logger.warn(
        'A hook failed while the application started, which ended monitoring, but the application has started. Do not call onModuleInit() or onApplicationBootstrap() of a provider by hand where it may fail.',
      );
      return;
    }
    const adapter: object | null | undefined = this.host.httpAdapter;
    if (!this.enabled || !adapter) return;
    this.restore.push(patchMethod(adapter, 'listen', this.guard, () => this.watchServer()));
  }

  stop(): void {
    for (const restore of this.restore.splice(0)) restore();
  }

  /** Watches the server. Nest listens for its errors by now, so that one more listener changes nothing. */
  private watchServer(): undefined {
    const server: object = this.host.httpAdapter.getHttpServer();
    const unwatch = [
      listenTo(server, 'error', this.guard, () => this.listened(unwatch, false)),
      listenTo(server, 'listening', this.guard, () => this.listened(unwatch, true)),
    ];
  }

  private listened(unwatch: readonly (() => void)[], isListening: boolean): void {
    for (const release of unwatch) release();
    if (isListening !== this.areStopped) return;
    this.areStopped = !isListening;
    for (const listener of this.processListeners) {
      this.guard.run(() => (isListening ? listener.start() : listener.stop()));
    }
  }

  private instances(): Set<object> {
    const wrappers = [...this.modules.values()].flatMap(
      ({ providers, controllers, injectables, middlewares }) => [
        ...providers.values(),
        ...controllers.values(),
        ...injectables.values(),
        ...middlewares.values(),
      ],
    );
    return new Set(wrappers.map(({ instance }): unknown => instance).filter(isObject));
  }
}
