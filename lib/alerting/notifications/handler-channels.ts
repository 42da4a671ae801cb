import { expectOption, MonitoringOptionsError } from '../../options/option-checks.js';
import { messageOf } from '../../primitives/message-of.js';
import type { Alert } from '../alert.js';
import type { AlertView, Told } from './alert-group.js';
import type { Channel, ChannelStatus } from './channel.js';
import { type AlertHandlerOptions, resolveHandlerOptions } from './handler.options.js';
import { NotificationChannel } from './notification-channel.js';
import type { AnyAlertHandler, NotificationHandler } from './notification.js';
import { StateChannel } from './state-channel.js';

/** Everybody who is told of alerts, each by a channel of its own. */
export class HandlerChannels {
  private readonly channels = new Map<string, Channel>();

  /**
   * @param intervalMs how often rules are evaluated
   * @param onTold is called back when a handler has taken something
   */
  constructor(
    private readonly intervalMs: number,
    private readonly warn: (message: string) => void,
    private readonly onTold: () => void,
  ) {}

  /**
   * @returns under which name, and how to take it out again
   * @throws {MonitoringOptionsError} for options that cannot work, or a name that is taken
   */
  add(handler: AnyAlertHandler, options: AlertHandlerOptions): { name: string; remove: () => void } {
    const named = namedHandler(handler, options.name, this.channels);
    const owner = `the options of the alert handler ${named.name}`;
    const resolved = resolveHandlerOptions(owner, options, 'send' in named ? named : {});
    if (this.channels.has(named.name)) {
      throw new MonitoringOptionsError(
        `There is an alert handler "${named.name}" already. Give one of them another name.`,
      );
    }
    const channel =
      'send' in named
        ? new StateChannel(named, resolved, this.intervalMs, this.warn)
        : new NotificationChannel(
            named,
            typeof handler === 'function'
              ? resolved
              : { ...resolved, groupBy: resolved.groupBy ?? ['alertname'] },
            this.warn,
            this.onTold,
          );
    this.channels.set(named.name, channel);
    const remove = (): void => {
      if (this.channels.get(named.name) !== channel) return;
      this.channels.delete(named.name);
      void this.closed(channel);
    };
    return { name: named.name, remove };
  }

  /** How it goes with each. */
  statuses(): ChannelStatus[] {
    return [...this.channels.values()].map(({ status }) => status);
  }

  /** Tells everybody what they do not know yet; returns at once. */
  offer(alerts: readonly Alert[], view: AlertView, at: number): void {
    for (const channel of this.channels.values()) channel.offer(alerts, view, at);
  }

  /** Moves every time that was noted into the past: the clock was set back. */
  setBack(ms: number): void {
    for (const channel of this.channels.values()) channel.setBack(ms);
  }

  /** Resolves when everybody was told what is to be known now. */
  async settled(): Promise<void> {
    await Promise.all([...this.channels.values()].map((channel) => channel.settled()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.channels.values()].map((channel) => this.closed(channel)));
  }

  /** What each was told, by its name, to be kept over a restart. */
  told(): Record<string, Readonly<Record<string, Told>>> {
    return Object.fromEntries(
      [...this.channels].flatMap(([name, channel]) =>
        channel instanceof NotificationChannel ? [[name, channel.told()] as const] : [],
      ),
    );
  }

  /** @returns what resolves when it is closed, however that went */
  private async closed(channel: Channel): Promise<void> {
    try {
      await channel.close();
    } catch (error) {
      this.warn(`Alert handler ${channel.status.handler} could not be closed: ${messageOf(error)}`);
    }
  }

  /** Takes it as told what somebody was told before a restart; everybody, if no name is given. */
  restore(told: Readonly<Record<string, Readonly<Record<string, Told>>>>, only?: string): void {
    for (const [name, channel] of this.channels) {
      if (only !== undefined && name !== only) continue;
      if (Object.hasOwn(told, name) && channel instanceof NotificationChannel) channel.restore(told[name]);
    }
  }
}

/** The handler under its name, as one that is told of groups. */
function namedHandler(
  handler: AnyAlertHandler,
  given: string | undefined,
  taken: ReadonlyMap<string, unknown>,
): Exclude<AnyAlertHandler, (...args: never[]) => unknown> {
  if (given !== undefined) {
    expectOption(
      'the name of an alert handler',
      given,
      'a text that is not empty',
      typeof given === 'string' && given !== '',
    );
  }
  if (typeof handler === 'function') {
    const name = given ?? freeName(handler.name || 'handler', taken);
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
    (typeof (handler as NotificationHandler).notify === 'function' || 'send' in handler);
  expectOption('an alert handler', handler, 'a function, or an object with notify() or send()', isHandler);
  if (given === undefined || given === handler.name) return handler;
  const close = handler.close && { close: () => handler.close?.() };
  if ('send' in handler) {
    const { resendDelayMs, sendResolved } = handler;
    return {
      name: given,
      resendDelayMs,
      ...(sendResolved !== undefined && { sendResolved }),
      send: (...sent) => handler.send(...sent),
      ...close,
    };
  }
  return { name: given, notify: (...told) => handler.notify(...told), ...close };
}

/** Functions often have the same name, or none. */
function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}_${number}`;
  return free;
}
