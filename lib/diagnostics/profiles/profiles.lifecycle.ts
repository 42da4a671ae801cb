import { Logger } from '@nestjs/common';
import { messageOf } from '../../primitives/error-message.js';
import { SafeLogger } from '../../primitives/safe-logger.js';
import type { ProfileKind } from './profile.js';
import type { Profiles } from './profiles.js';

/** The signal that captures a profile. SIGUSR1 starts the debugger of Node. */
const SIGNAL = 'SIGUSR2';

/** Listens to the signal that captures a profile, and ends the capture in progress with the application. */
export class ProfilesLifecycle {
  private isListening = false;

  constructor(
    private readonly profiles: Profiles,
    private readonly kind: ProfileKind | false,
    private readonly logger = new SafeLogger(new Logger('Monitoring')),
  ) {}

  /** Listens to the signal, unless the application does. */
  start(): void {
    if (this.kind === false || !this.profiles.isEnabled) return;
    if (process.listenerCount(SIGNAL) > 0) {
      this.logger.warn(
        `${SIGNAL} captures no profile: the application listens to it, as app.enableShutdownHooks() does unless it is given signals, such as ['SIGTERM', 'SIGINT']. Remove that listener or \`diagnostics.profiles.signal\`.`,
      );
      return;
    }
    process.on(SIGNAL, this.onSignal);
    this.isListening = true;
  }

  stop(): void {
    if (this.isListening) process.off(SIGNAL, this.onSignal);
    this.isListening = false;
    this.profiles.stop();
  }

  private readonly onSignal = (): void => {
    // The application may have begun to listen later: the signal is its own.
    if (process.listenerCount(SIGNAL) === 1 && this.kind !== false) void this.capture(this.kind);
  };

  private async capture(kind: ProfileKind): Promise<void> {
    try {
      const { running, done } = await this.profiles.start(kind, { reason: SIGNAL });
      this.logger.log(`${SIGNAL}: capturing ${running.name}.`);
      const { name, bytes } = await done;
      this.logger.log(`${SIGNAL}: captured ${name} (${bytes} bytes).`);
    } catch (error) {
      this.logger.warn(`${SIGNAL}: ${messageOf(error)}`);
    }
  }
}
