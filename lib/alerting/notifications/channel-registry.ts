import type { Clock } from '../../metrics/clock.js';
import { expectOption, MonitoringOptionsError } from '../../options/option-checks.js';
import { isClass } from '../../options/option-descriptions.js';
import { resultWithin } from '../../primitives/deadline.js';
import { freeName } from '../../primitives/free-name.js';
import { messageOf } from '../../primitives/error-message.js';
import { isError } from '../../primitives/is-error.js';
import type { Alert } from '../alert.js';
import type { AlertContexts } from '../context/alert-contexts.js';
import type { EvaluationContext, NotificationLogEntry } from './alert-group.js';
import type { Channel, ChannelStatus } from './channel.js';
import { type AlertHandlerOptions, resolveHandlerOptions } from './handler.options.js';
import { GroupChannel } from './group-channel.js';
import type { AlertStateHandler, AnyAlertHandler, NotificationHandler } from './notification.js';
import { FullStateChannel } from './full-state-channel.js';

/** The notification logs of all handlers, by handler name and group key. */
export type NotificationLog = Readonly<Record<string, Readonly<Record<string, NotificationLogEntry>>>>;

/** Time limit of `open()` of a handler, in milliseconds. */
const OPEN_MS = 5_000;

/** Parts of every channel. */
export interface ChannelParts {
  readonly warn: (message: string) => void;
  /** Called after each delivery. */
  readonly onDelivered: () => void;
  /** Called with the error of each notification that a function failed with all its retries. */
  readonly onFailed?: (handler: string, error: unknown) => void;
  /** The contexts of alerts, which notifications carry. */
  readonly contexts?: AlertContexts | undefined;
}

/** The channels to all alert handlers, by handler name. */
export class ChannelRegistry {
  private readonly channels = new Map<string, Channel>();
  /** The handlers that have something to prepare, until {@link open} has called them. */
  private readonly unopened = new Map<Channel, () => Promise<void>>();
  /** Channels of handlers that were added after the start, until they are prepared. */
  private readonly opening = new Set<Channel>();
  private isOpen = false;

  /**
   * @param intervalMs the interval between evaluations, in milliseconds
   * @param clock the clock of the evaluations
   */
  constructor(
    private readonly intervalMs: number,
    private readonly clock: Clock,
    private readonly parts: ChannelParts,
  ) {}

  /**
   * Adds a handler.
   *
   * @returns its name, and a function that removes it
   * @throws {MonitoringOptionsError} for invalid options or a name in use
   */
  add(handler: AnyAlertHandler, options: AlertHandlerOptions): { name: string; remove: () => void } {
    const named = namedHandler(handler, options.name, this.channels);
    const owner = `the options of the alert handler "${named.name}"`;
    const resolved = resolveHandlerOptions(owner, options, 'send' in named ? named : {});
    if (this.channels.has(named.name)) {
      throw new MonitoringOptionsError(
        `There is already an alert handler named "${named.name}". Set \`name\` in the options of one of them.`,
      );
    }
    const { warn, onDelivered, onFailed, contexts } = this.parts;
    const channel =
      'send' in named
        ? new FullStateChannel(named, resolved, this.intervalMs, this.clock, warn, contexts)
        : new GroupChannel(
            named,
            typeof handler === 'function'
              ? resolved
              : { ...resolved, groupBy: resolved.groupBy ?? ['alertname'] },
            this.clock,
            warn,
            onDelivered,
            typeof handler === 'function' ? (error) => onFailed?.(named.name, error) : undefined,
            contexts,
          );
    this.channels.set(named.name, channel);
    if (typeof named.open === 'function') this.openLater(channel, async () => named.open?.());
    const remove = (): void => {
      if (this.channels.get(named.name) !== channel) return;
      this.channels.delete(named.name);
      this.unopened.delete(channel);
      this.opening.delete(channel);
      void this.closeChannel(channel);
    };
    return { name: named.name, remove };
  }

  /**
   * Prepares the handlers that have been added, each once, all at the same time and each within 5 s. One that fails or takes
   * longer is notified of alerts anyway. A handler that is added later is prepared before its first notification.
   *
   * @throws {MonitoringOptionsError} of the first handler whose options cannot work
   */
  async open(): Promise<void> {
    this.isOpen = true;
    const handlers = [...this.unopened];
    this.unopened.clear();
    await Promise.all(handlers.map(([channel, open]) => this.openHandler(nameOf(channel), open)));
  }

  /** Returns the status of each channel. */
  statuses(): ChannelStatus[] {
    return [...this.channels.values()].map(({ status }) => status);
  }

  /** Starts the notifications that are due after an evaluation. Returns without waiting for them. */
  update(alerts: readonly Alert[], context: EvaluationContext, at: number): void {
    for (const channel of this.channels.values()) {
      if (!this.opening.has(channel)) channel.update(alerts, context, at);
    }
  }

  /** Moves every recorded time into the past, after the wall clock was set back. */
  shiftTimes(ms: number): void {
    for (const channel of this.channels.values()) channel.shiftTimes(ms);
  }

  /** Resolves when no notification is queued or in flight. */
  async settled(): Promise<void> {
    await Promise.all([...this.channels.values()].map((channel) => channel.settled()));
  }

  /** Closes all channels. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([...this.channels.values()].map((channel) => this.closeChannel(channel)));
  }

  /** Returns the notification logs of all handlers. */
  notificationLog(): NotificationLog {
    return Object.fromEntries(
      [...this.channels].flatMap(([name, channel]) =>
        channel instanceof GroupChannel ? [[name, channel.notificationLog()] as const] : [],
      ),
    );
  }

  /** Restores the notification logs of all handlers, or of one. */
  restore(log: NotificationLog, only?: string): void {
    for (const [name, channel] of this.channels) {
      if (only !== undefined && name !== only) continue;
      const own = Object.hasOwn(log, name) ? log[name] : undefined;
      if (own !== undefined && channel instanceof GroupChannel) channel.restore(own);
    }
  }

  /** Prepares a handler with the others at the start, or at once if the application serves already. */
  private openLater(channel: Channel, open: () => Promise<void>): void {
    if (!this.isOpen) {
      this.unopened.set(channel, open);
      return;
    }
    const name = nameOf(channel);
    this.opening.add(channel);
    void this.openHandler(name, open)
      .catch((error: unknown) => this.parts.warn(messageOf(error)))
      .finally(() => this.opening.delete(channel));
  }

  /** Prepares a handler. @throws {MonitoringOptionsError} if its options cannot work */
  private async openHandler(name: string, open: () => Promise<void>): Promise<void> {
    const advice = 'It is notified of alerts anyway. Check what its open() needs.';
    try {
      const opened = await resultWithin(
        open().then(() => true),
        OPEN_MS,
      );
      if (opened === true) return;
      this.parts.warn(`Alert handler "${name}" did not open within ${OPEN_MS / 1_000} s. ${advice}`);
    } catch (error) {
      if (isOptionsError(error)) {
        throw new MonitoringOptionsError(`Alert handler "${name}" cannot be used: ${error.message}`, {
          cause: error,
        });
      }
      this.parts.warn(`Alert handler "${name}" could not be opened: ${messageOf(error)}. ${advice}`);
    }
  }

  /** Closes a channel. Never rejects. */
  private async closeChannel(channel: Channel): Promise<void> {
    try {
      await channel.close();
    } catch (error) {
      this.parts.warn(`Alert handler ${channel.status.handler} could not be closed: ${messageOf(error)}`);
    }
  }
}

function nameOf(channel: Channel): string {
  return channel.status.handler;
}

/** Returns true for an error in options, also of another copy of this package. */
function isOptionsError(error: unknown): error is Error {
  return isError(error) && error.name === 'MonitoringOptionsError';
}

/** Returns a handler with the given name. A function becomes a handler of notifications. */
function namedHandler(
  handler: AnyAlertHandler,
  givenName: string | undefined,
  taken: ReadonlyMap<string, unknown>,
): NotificationHandler | AlertStateHandler {
  if (givenName !== undefined) {
    const isName = typeof givenName === 'string' && givenName !== '';
    expectOption('the name of an alert handler', givenName, 'a non-empty string', isName);
  }
  if (typeof handler === 'function') {
    expectOption(
      'an alert handler',
      handler,
      'a function or an instance, made with `new`',
      !isClass(handler),
    );
    // Functions often share a name, or have none.
    const name = givenName ?? freeName(handler.name || 'handler', (other) => taken.has(other));
    return {
      name,
      async notify({ alerts }: Parameters<NotificationHandler['notify']>[0], signal: AbortSignal) {
        for (const alert of alerts) await handler(alert, signal);
      },
    };
  }
  const isHandler =
    typeof handler === 'object' &&
    handler !== null &&
    ['notify', 'send'].some((method) => typeof Reflect.get(handler, method) === 'function');
  expectOption('an alert handler', handler, 'a function, or an object with notify() or send()', isHandler);
  if (givenName === undefined || givenName === handler.name) return handler;
  const open = handler.open && { open: () => handler.open?.() };
  const close = handler.close && { close: () => handler.close?.() };
  if ('send' in handler) {
    const { resendDelayMs, sendResolved } = handler;
    return {
      name: givenName,
      resendDelayMs,
      ...(sendResolved !== undefined && { sendResolved }),
      send: (...args) => handler.send(...args),
      ...open,
      ...close,
    };
  }
  return { name: givenName, notify: (...args) => handler.notify(...args), ...open, ...close };
}
