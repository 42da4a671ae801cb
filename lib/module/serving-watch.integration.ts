import type { HttpAdapterHost } from '@nestjs/core';
import { listenTo } from '../primitives/emitter-listener.js';
import { Guard } from '../primitives/guard.js';
import { unref } from '../primitives/unref.js';

/** The longest wait for a server to listen, in milliseconds. Some applications never listen, or have no server. */
const LONGEST_WAIT_MS = 250;

/** A watch for the moment at which the application serves. Work that a start does not need is done from then on. */
export class ServingWatch {
  // Without the event, the timer ends the wait.
  private readonly guard = new Guard(() => undefined);
  private timer: NodeJS.Timeout | undefined;
  private unlisten: (() => void) | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly enabled: boolean,
    private readonly times?: { listening(): void },
  ) {}

  /** Starts to watch, once the application has started. @param onServing called once */
  start(onServing: () => void): void {
    if (!this.enabled) return;
    const serves = (): void => {
      this.stop();
      onServing();
    };
    this.timer = unref(setTimeout(serves, LONGEST_WAIT_MS));
    const adapter: { getHttpServer(): object | undefined } | null | undefined = this.host.httpAdapter;
    const server = this.guard.run(() => adapter?.getHttpServer());
    this.unlisten = listenTo(server, 'listening', this.guard, () => {
      this.times?.listening();
      serves();
    });
  }

  stop(): void {
    clearTimeout(this.timer);
    this.unlisten?.();
  }
}
