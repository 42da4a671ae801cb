import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import { instrumentationGuard } from '../../metrics/error-guards.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ErrorDetails, ErrorObserver, ErrorSource } from '../../primitives/error-observer.js';
import type { Guard } from '../../primitives/guard.js';
import { isObject } from '../../primitives/is-object.js';
import { ErrorClasses } from '../error-class.js';
import { CallSites } from '../requests/call-sites.js';
import type { Operations } from '../requests/operations.js';
import { describeError, unreadKey } from './error-description.js';
import type { ErrorGroup } from './error-group.js';
import { ErrorGroups } from './error-groups.js';
import type { ErrorRecord } from './error-record.js';
import type { ErrorRecordsOptions } from './errors.options.js';
import { warningName } from './process-error.recorder.js';
import { ReadingBudget } from './reading-budget.js';
import { isRefusal } from './refusal.js';

/** The value of `route` for errors outside of HTTP requests, such as `<job>`. No route has such a template. */
type SourceRoute = `<${ErrorSource}>`;

/** The errors of the application, counted and grouped. */
export class ErrorRecorder implements ErrorObserver {
  private readonly guard: Guard;
  private readonly exceptions: Counter<'error' | 'route'>;
  private readonly droppedGroups: Counter;
  private readonly errorClasses = new ErrorClasses();
  private readonly groups: ErrorGroups;
  private readonly budget = new ReadingBudget<ErrorGroup>();
  /** The groups of error objects, which may be thrown or reported several times. */
  private readonly groupsOfErrors = new WeakMap<object, ErrorGroup>();
  private readonly sites: CallSites;
  private droppedCount = 0;

  /** @param version version of the application */
  constructor(
    private readonly registry: MetricsRegistry,
    private readonly clock: Clock,
    options: Required<ErrorRecordsOptions>,
    private readonly version?: string,
    private readonly operations?: Operations,
  ) {
    this.guard = instrumentationGuard(registry, 'errors');
    this.sites = operations?.sites ?? new CallSites();
    this.exceptions = registry.counter(
      'exceptions_total',
      'Errors of the application, by class and route; of those outside of HTTP requests, the route is their source, such as <job>.',
      { labelNames: ['error', 'route'] },
    );
    this.droppedGroups = registry.counter(
      'monitoring_dropped_error_groups_total',
      'Groups of errors that were dropped, because more than `errors.records.groups` had occurred.',
    );
    this.groups = new ErrorGroups(options.groups, () => {
      this.droppedCount++;
      this.droppedGroups.inc();
    });
  }

  /** Number of groups that were dropped. */
  get dropped(): number {
    return this.droppedCount;
  }

  /** Starts to observe the errors that the parts of this library report to the registry. */
  start(): void {
    this.registry.errors = this;
  }

  stop(): void {
    if (this.registry.errors === this) this.registry.errors = undefined;
  }

  observe(error: unknown, source: ErrorSource, name: string, details: ErrorDetails = {}): void {
    try {
      const known = isObject(error) ? this.groupsOfErrors.get(error) : undefined;
      if (known !== undefined && source === 'process') {
        // It was counted where it occurred, such as in a job.
        known.addUnhandled();
        return;
      }
      if ((source === 'message' || source === 'graphql') && isRefusal(error)) return;
      const { route, isUnhandled = false, recordId = this.operations?.current?.id } = details;
      const errorClass = source === 'warning' ? warningName(error) : this.errorClasses.of(error);
      if (source !== 'warning') {
        this.exceptions.inc({ error: errorClass, route: route ?? (`<${source}>` satisfies SourceRoute) });
      }
      const now = this.clock.now();
      const group = this.groups.touch(known ?? this.groupOf(error, errorClass, source, name, now));
      group.add(now, source, name, isUnhandled, recordId);
      if (isObject(error)) this.groupsOfErrors.set(error, group);
    } catch (failure) {
      this.guard.report(failure);
    }
  }

  /** Returns the groups, the one with the last error first. */
  records(): ErrorRecord[] {
    const now = this.clock.now();
    return this.groups.all.map((group) => group.toRecord(now, this.version));
  }

  private groupOf(
    error: unknown,
    errorClass: string,
    source: ErrorSource,
    name: string,
    now: number,
  ): ErrorGroup {
    const read = (): ErrorGroup => this.groups.of(describeError(error, errorClass, this.sites), now);
    return (
      this.budget.of(`${errorClass}\n${source}\n${name}`, now, read) ??
      this.groups.of(
        { key: unreadKey(errorClass), error: errorClass, sites: [], message: undefined, causes: [] },
        now,
      )
    );
  }
}
