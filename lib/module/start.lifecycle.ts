import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { listenTo } from '../primitives/emitter-listener.js';
import { Guard } from '../primitives/guard.js';
import { patchMethod } from '../primitives/method-patch.js';
import { SafeLogger } from '../primitives/safe-logger.js';

/** A part that listens to the process as long as the application runs, and can begin again when it has ended. */
export interface ProcessListener {
  begin(): void;
  end(): void;
}

const START_HOOKS = ['onModuleInit', 'onApplicationBootstrap'];
const END_HOOKS = ['beforeApplicationShutdown', 'onApplicationShutdown'];

/**
 * Sees that the application fails to start, which Nest tells nobody: it calls no hook afterwards. What began with the
 * start ends then as if the application had been closed. Nothing is watched any more once it has started.
 *
 * An application that cannot listen has started, and may try another port: what listens to the process stops then, and
 * goes on when the application listens.
 */
@Injectable()
export class StartLifecycle implements OnModuleInit, OnApplicationShutdown {
  // What goes wrong here leaves nothing unmeasured.
  private readonly guard = new Guard(() => undefined);
  private readonly logger = new SafeLogger(new Logger('Monitoring'));
  private readonly restore: (() => void)[] = [];
  private listeners: readonly ProcessListener[] = [];
  private areEnded = false;
  private hasFailed = false;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly host: HttpAdapterHost,
    private readonly enabled: boolean,
  ) {}

  /** Before every other hook that could fail. */
  onModuleInit(): void {
    if (!this.enabled) return;
    const begin = () => ({ threw: this.failed, rejected: this.failed });
    for (const instance of new Set(this.instances(() => true))) {
      for (const hook of START_HOOKS) this.restore.push(patchMethod(instance, hook, this.guard, begin));
    }
  }

  /** Every hook has run. */
  succeeded(listeners: readonly ProcessListener[]): void {
    this.forget();
    if (this.hasFailed) {
      // Somebody else than Nest has called it.
      this.logger.warn(
        'A hook failed while the application started, which ended monitoring, and the application has started all the same. Do not call onModuleInit() or onApplicationBootstrap() of a provider by hand where it may fail.',
      );
      return;
    }
    this.listeners = listeners;
    const adapter: object | null | undefined = this.host.httpAdapter;
    if (!this.enabled || !adapter) return;
    this.restore.push(patchMethod(adapter, 'listen', this.guard, () => this.watchServer()));
  }

  onApplicationShutdown(): void {
    this.forget();
  }

  private readonly failed = (): void => {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.forget();
    // Nest calls the other hooks of the same module all the same, in the same turn.
    queueMicrotask(() => this.endAll());
  };

  private endAll(): void {
    for (const instance of this.instances((providers) => providers.has(StartLifecycle))) {
      for (const hook of END_HOOKS) {
        const end = (instance as Readonly<Record<string, unknown>>)[hook];
        if (typeof end === 'function') this.guard.call(() => Reflect.apply(end, instance, []));
      }
    }
  }

  /** Nest listens for an error of the server itself by now, so that it makes no difference who else does. */
  private watchServer(): undefined {
    const server: object = this.host.httpAdapter.getHttpServer();
    const unwatch = [
      listenTo(server, 'error', this.guard, () => this.listened(unwatch, false)),
      listenTo(server, 'listening', this.guard, () => this.listened(unwatch, true)),
    ];
  }

  private listened(unwatch: readonly (() => void)[], isListening: boolean): void {
    for (const one of unwatch) one();
    if (isListening !== this.areEnded) return;
    this.areEnded = !isListening;
    for (const listener of this.listeners)
      this.guard.run(() => (isListening ? listener.begin() : listener.end()));
  }

  private forget(): void {
    for (const restore of this.restore.splice(0)) restore();
  }

  /** Returns what there is in the modules that have such providers. */
  private instances(isMeant: (providers: ReadonlyMap<unknown, unknown>) => boolean): object[] {
    return [...this.modules.values()]
      .filter(({ providers }) => isMeant(providers))
      .flatMap(({ providers, controllers, injectables, middlewares }) => [
        ...providers.values(),
        ...controllers.values(),
        ...injectables.values(),
        ...middlewares.values(),
      ])
      .map(({ instance }): unknown => instance)
      .filter(isObject);
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
