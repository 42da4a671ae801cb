import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Controller, Get, type LoggerService, Module } from '@nestjs/common';
import { HealthCheckProvider, MonitoringModule } from 'nestjs-monitoring';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';

/** Throws whatever our part says, and nothing that Nest says itself. */
class BrokenLogger implements LoggerService {
  said = 0;

  log(message: string, context?: string): void {
    this.say(message, context);
  }

  warn(message: string, context?: string): void {
    this.say(message, context);
  }

  error(message: string, ...more: string[]): void {
    this.say(message, more.at(-1));
  }

  private say(message: string, context?: string): void {
    if (context !== 'Monitoring') return;
    this.said++;
    throw new Error(`There is no room for: ${message}`);
  }
}

@HealthCheckProvider({ name: 'payments' })
class Unwell {
  check(): never {
    throw new Error('Never well.');
  }
}

let slowRequests = 0;

@Controller()
class OwnRoutes {
  @Get('alive')
  alive(): string {
    return 'mine';
  }

  @Get('slow')
  async slow(): Promise<string> {
    slowRequests++;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return 'done';
  }
}

const PATHS = ['/ready', '/ready', '/health', '/startup', '/metrics', '/metrics-dashboard'];

const faults: unknown[] = [];
const note = (fault: unknown): void => void faults.push(fault);

beforeEach(() => {
  faults.length = 0;
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
});

afterEach(() => {
  process.off('uncaughtException', note);
  process.off('unhandledRejection', note);
});

it.each(ADAPTERS)(
  'a logger that throws keeps an application on %s neither from starting, nor from being ready, nor from ending',
  async (adapter) => {
    @Module({
      imports: [
        MonitoringModule.forRoot({
          health: { drainDelayMs: 20, drainTimeoutMs: 5_000, builtIn: { memory: false } },
        }),
      ],
      controllers: [OwnRoutes],
      providers: [Unwell],
    })
    class AppModule {}
    const logger = new BrokenLogger();
    const app: RunningApp = await startApp(adapter, AppModule, {
      configure: (nest) => nest.useLogger(logger),
    });
    const statuses: number[] = [];
    for (const path of PATHS) statuses.push((await app.get(path)).status);
    // The check is not well, which is said, too.
    expect(statuses).toEqual([503, 503, 503, 200, 200, 200]);
    const before = slowRequests;
    const slow = app.get('/slow');
    await eventually(() => expect(slowRequests).toBe(before + 1));
    await app.close();
    expect((await slow).body).toBe('done');
    expect(logger.said).toBeGreaterThanOrEqual(3);
    expect(faults).toEqual([]);
  },
);
