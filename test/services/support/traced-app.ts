import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { SpanKind } from '@opentelemetry/api';
import type { RequestRecord } from 'nestjs-monitoring/diagnostics';
import { ROOT } from './built.js';
import type { AdapterName } from './loaded-app.js';

/** A span of OpenTelemetry, in milliseconds on the monotonic clock of its process. */
export interface TracedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly hasFailed: boolean;
  /** The instrumented library: `http`, `undici`, `pg` or `ioredis`. */
  readonly library: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly startedAt: number;
  readonly durationMs: number;
}

/** What the application knows of its requests, by both who watch it. */
export interface Evidence {
  readonly records: readonly RequestRecord[];
  readonly spans: readonly TracedSpan[];
}

/** The application of fixture/traced-app.mjs, as a process. */
export class TracedApp {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** @param services URLs of PostgreSQL, Redis and another service */
  static async start(
    adapter: AdapterName,
    services: readonly string[],
    isTraced: boolean,
  ): Promise<TracedApp> {
    const child = fork(
      'test/services/fixture/traced-app.mjs',
      [adapter, ...services, isTraced ? 'traced' : 'untraced'],
      { cwd: ROOT, execArgv: isTraced ? ['--import', './test/services/fixture/opentelemetry.mjs'] : [] },
    );
    const { url } = await answerOf<{ url: string }>(child);
    return new TracedApp(child, url);
  }

  /** Asks for the records and the spans of all requests that have ended. */
  evidence(): Promise<Evidence> {
    const answer = answerOf<Evidence>(this.child);
    this.child.send('evidence');
    return answer;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }
}

/** @throws {Error} if it ends instead */
async function answerOf<T>(child: ChildProcess): Promise<T> {
  const [answer] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The application has ended with ${code}.`);
    }),
  ])) as [T];
  return answer;
}
