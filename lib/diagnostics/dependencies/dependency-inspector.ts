import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import { type BullMqQueue, findBullMqQueues } from '../../integrations/bullmq/bullmq.discovery.js';
import {
  type FailedJobs,
  findFailedJobs,
  retryFailedJob,
  retryFailedJobs,
  type RetryOutcome,
} from '../../integrations/bullmq/bullmq.failed-jobs.js';
import { findKnex } from '../../integrations/knex/knex.discovery.js';
import { findPgPools } from '../../integrations/pg/pg.discovery.js';
import {
  type PgSettings,
  pgSettingsOfKnex,
  pgSettingsOfPool,
} from '../../integrations/pg/pg.own-connection.js';
import { findSqlSources } from '../../integrations/sql/sql-sources.js';
import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import { redactAndCut } from '../../primitives/redact.js';
import type { PostgresqlReport } from './postgresql-report.js';
import { readPostgresql } from './postgresql.reader.js';

/** Time limit of one report, the connection included, in milliseconds. */
const LIMIT_MS = 8_000;
/** The age up to which a report is given to further readers, in milliseconds. */
const MAX_AGE_MS = 2_000;
const MAX_JOBS = 20;
const MAX_FRAMES = 10;
const MAX_TEXT = 300;

/** A database, by the name of its client. */
export interface KnownDatabase {
  readonly name: string;
  /** Name of the database system in OpenTelemetry. */
  readonly system: string;
}

/**
 * The reports of the databases and queues of the application, read when somebody looks at them. Nothing is read before,
 * and at most one report of each is read at a time.
 */
export class DependencyInspector {
  private readonly reports = new SharedReports<PostgresqlReport>();
  private readonly jobs = new SharedReports<FailedJobs>();

  constructor(
    private readonly objects: ApplicationObjects,
    private readonly now: () => number,
    private readonly monotonic: () => number,
    private readonly limitMs = LIMIT_MS,
  ) {}

  /** Returns the SQL databases of the application. */
  databases(): KnownDatabase[] {
    return findSqlSources(this.objects).map(({ name, system }) => ({ name, system }));
  }

  /** Returns the names of the PostgreSQL databases that can be read. */
  postgresqlNames(): string[] {
    return [...this.postgresql().keys()];
  }

  /** Returns the names of the queues. */
  queueNames(): string[] {
    return findBullMqQueues(this.objects).map(({ name }) => name);
  }

  /** Returns the report of a PostgreSQL database; undefined if the application has none of that name. */
  readPostgresql(name: string): Promise<PostgresqlReport> | undefined {
    const settings = this.postgresql().get(name);
    if (settings === undefined) return undefined;
    return this.reports.get(name, this.monotonic(), () =>
      this.limited((signal) => readPostgresql(settings, signal, this.now)),
    );
  }

  /** Returns the latest failed jobs of a queue; undefined if the application has none of that name. */
  failedJobs(name: string): Promise<FailedJobs> | undefined {
    const queue = this.queue(name);
    if (queue === undefined) return undefined;
    return this.jobs.get(name, this.monotonic(), () =>
      this.limited(async (signal) => shown(await findFailedJobs(queue, MAX_JOBS, signal))),
    );
  }

  /** Lets a failed job run again; undefined if the application has no queue of that name. */
  retry(name: string, id: string, signal: AbortSignal): Promise<RetryOutcome> | undefined {
    const queue = this.queue(name);
    return queue && retryFailedJob(queue, id, signal).finally(() => this.jobs.forget(name));
  }

  /** Lets all jobs run again that have failed by now; undefined if the application has no queue of that name. */
  retryAll(name: string, signal: AbortSignal): Promise<void> | undefined {
    const queue = this.queue(name);
    return queue && retryFailedJobs(queue, this.now(), signal).finally(() => this.jobs.forget(name));
  }

  private queue(name: string): BullMqQueue | undefined {
    return findBullMqQueues(this.objects).find((queue) => queue.name === name)?.instance;
  }

  private postgresql(): Map<string, PgSettings> {
    const found = new Map<string, PgSettings>();
    for (const { name, instance } of findPgPools(this.objects)) found.set(name, pgSettingsOfPool(instance));
    for (const { name, instance } of findKnex(this.objects)) {
      const settings = pgSettingsOfKnex(instance);
      if (settings !== undefined && !found.has(name)) found.set(name, settings);
    }
    return found;
  }

  private async limited<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.timeout(this.limitMs);
    try {
      return await work(signal);
    } catch (error) {
      if (signal.aborted) throw new Error(`no answer within ${this.limitMs / 1_000} s`, { cause: error });
      throw error;
    }
  }
}

/** Reports by name, each read once for all that ask at about the same time. */
class SharedReports<T> {
  private readonly known = new Map<string, { readonly at: number; readonly report: Promise<T> }>();

  get(name: string, now: number, read: () => Promise<T>): Promise<T> {
    const last = this.known.get(name);
    if (last !== undefined && now - last.at < MAX_AGE_MS) return last.report;
    const report = this.after(last?.report, read);
    this.known.set(name, { at: now, report });
    report.catch(() => undefined);
    return report;
  }

  forget(name: string): void {
    this.known.delete(name);
  }

  /** Reads after the report before has ended, so that a server that hangs has one question at a time. */
  private async after(before: Promise<T> | undefined, read: () => Promise<T>): Promise<T> {
    await before?.catch(() => undefined);
    return read();
  }
}

function shown({ jobs, total }: FailedJobs): FailedJobs {
  return {
    total,
    jobs: jobs.map((job) => ({
      ...job,
      id: boundedLabelValue(job.id),
      name: boundedLabelValue(job.name),
      reason: bounded(job.reason),
      stack: job.stack.slice(0, MAX_FRAMES).map(bounded),
    })),
  };
}

function bounded(text: string): string {
  return redactAndCut(text, MAX_TEXT);
}
