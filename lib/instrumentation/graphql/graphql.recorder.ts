import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { Histogram } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { CallOutcome } from '../../primitives/call-outcome.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import { errorClass } from '../error-class.js';
import { LONG_LIVED_BUCKETS } from '../long-lived-buckets.js';
import { type Operation, OperationMetrics } from '../operation-metrics.js';
import type { Operation as CarryingOperation } from '../requests/operation.js';
import type { OperationIdentity } from '../requests/operation-identity.js';
import { OperationRun } from '../requests/operation-run.js';
import type { OperationRecorder } from '../requests/operation.recorder.js';
import type { GraphQLMetricsOptions } from './graphql.options.js';
import {
  type DocumentNode,
  INVALID_OPERATION,
  operationLabel,
  type OperationNode,
} from './operation-label.js';
import { GRAPHQL_METRICS } from '../../metrics/metric-names.js';

const OPERATION_TYPES = ['query', 'mutation', 'subscription'];
const UNKNOWN_TYPE = '<unknown>';
/** The format of error codes, such as `GRAPHQL_VALIDATION_FAILED`. Other values may be arbitrary text. */
const ERROR_CODE = /^[A-Z][A-Z0-9_]*$/;

/** The code of an error that is the fault of the server. */
const SERVER_ERROR = 'INTERNAL_SERVER_ERROR';

/** Upper limits for values that come from data instead of code. */
const MAX_OPERATIONS = 1_000;
const MAX_ERRORS = 200;

/** The records of GraphQL operations. */
export interface GraphQLRecording {
  readonly records: OperationRecorder;
  /** True if the records of HTTP requests name the operations that they carry; false to record operations by themselves. */
  readonly isWithinHttp: boolean;
}

/** An operation in progress. */
export interface OpenOperation {
  /** The parsed operation; set once the document is valid. */
  parsed?: { readonly operation: OperationNode; readonly document: DocumentNode };
  /** Its own record; undefined if it is within that of a request, or not recorded. */
  readonly run: OperationRun | undefined;
  /**
   * Records the end, with the errors of the response. Only the first call counts.
   *
   * @param causes the errors before they were formatted for the response
   */
  end(errors: readonly unknown[], causes?: readonly unknown[]): void;
}

/** An open subscription. */
export interface OpenSubscription {
  /** Counts an event that was sent to the subscriber. */
  eventSent(): void;
  /** Records the end. Only the first call counts. */
  end(outcome: CallOutcome): void;
}

/** The metrics of GraphQL operations, subscriptions and, if enabled, resolvers. */
export class GraphQLRecorder {
  private readonly operations: OperationMetrics<'operation_type' | 'operation'>;
  private readonly byLabel = new Map<string, Operation>();
  private readonly errors: Counter<'operation_type' | 'operation' | 'error'>;
  private readonly open: Gauge<'field'>;
  private readonly events: Counter<'field'>;
  private readonly subscriptionSeconds: Histogram<'field' | 'outcome'>;
  private readonly resolverSeconds: Histogram<'field' | 'outcome'> | undefined;
  private readonly knownNames: ReadonlySet<string>;
  private readonly operationNames = new BoundedLabelValues(MAX_OPERATIONS);
  private readonly fields = new BoundedLabelValues(MAX_OPERATIONS);
  private readonly errorNames = new BoundedLabelValues(MAX_ERRORS);

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly clock: Clock,
    { buckets, operationNames, resolvers }: Required<GraphQLMetricsOptions>,
    private readonly recording?: GraphQLRecording,
  ) {
    this.knownNames = new Set(operationNames);
    this.operations = new OperationMetrics(registry, {
      total: [
        GRAPHQL_METRICS.operations,
        'GraphQL queries and mutations, by outcome: success, or error if the response contains errors.',
      ],
      duration: [
        GRAPHQL_METRICS.duration,
        'Time from receiving a GraphQL query or mutation to sending its response, in seconds.',
      ],
      inProgress: ['graphql_operations_in_progress', 'GraphQL queries and mutations that are in progress.'],
      labelNames: ['operation_type', 'operation'],
      groupNames: [],
      buckets,
    });
    this.errors = registry.counter('graphql_errors_total', 'Errors in GraphQL responses, by code or class.', {
      labelNames: ['operation_type', 'operation', 'error'],
    });
    this.open = registry.gauge(
      'graphql_subscriptions_open',
      'GraphQL subscriptions that are currently open.',
      {
        labelNames: ['field'],
      },
    );
    this.events = registry.counter(
      'graphql_subscription_events_total',
      'Events sent to GraphQL subscriptions.',
      { labelNames: ['field'] },
    );
    this.subscriptionSeconds = registry.histogram(
      'graphql_subscription_duration_seconds',
      'Duration of closed GraphQL subscriptions, in seconds, by outcome: success, error or cancelled.',
      { labelNames: ['field', 'outcome'], buckets: LONG_LIVED_BUCKETS },
    );
    if (resolvers) {
      this.resolverSeconds = registry.histogram(
        'graphql_resolver_duration_seconds',
        'Duration of GraphQL resolvers, in seconds, by outcome: success or error.',
        { labelNames: ['field', 'outcome'], buckets },
      );
    }
  }

  /** True if resolvers are timed. */
  get timesResolvers(): boolean {
    return this.resolverSeconds !== undefined;
  }

  /** Records the start of an operation. */
  operationStarted(): OpenOperation {
    const startedAt = this.operationOf(UNKNOWN_TYPE, INVALID_OPERATION).start();
    let hasEnded = false;
    const { recording } = this;
    const carrier = recording?.records.operations.current;
    const isOwn = recording?.isWithinHttp === false && carrier === undefined;
    const open: OpenOperation = {
      run: isOwn ? OperationRun.begin(recording.records, UNNAMED) : undefined,
      end: (errors, causes = errors) => {
        if (hasEnded) return;
        hasEnded = true;
        const { parsed } = open;
        const type = parsed?.operation.operation;
        const operation_type = type !== undefined && OPERATION_TYPES.includes(type) ? type : UNKNOWN_TYPE;
        const operation =
          parsed === undefined
            ? INVALID_OPERATION
            : this.operationNames.of(operationLabel(parsed.operation, parsed.document, this.knownNames));
        this.operationOf(operation_type, operation).end(startedAt, errors.length > 0 ? 'error' : 'success');
        for (const error of errors) {
          this.errors.inc({ operation_type, operation, error: this.errorNames.of(errorLabel(error)) });
          const thrown = thrownBy(error);
          if (thrown !== undefined)
            this.registry.errors?.observe(thrown, 'graphql', `${operation_type} ${operation}`);
        }
        const identity = identityOf(operation_type, operation);
        const exception = causes.map(thrownBy).find((thrown) => thrown !== undefined);
        if (open.run !== undefined) open.run.end(exception !== undefined, exception, identity);
        else if (carrier?.isOpen === true) carry(carrier, identity, exception);
      },
    };
    return open;
  }

  /** Records the start of a subscription. @param name the name of the subscribed field */
  subscriptionStarted(name: string): OpenSubscription {
    const field = this.fieldOf(name);
    const startedAt = this.clock.monotonic();
    let hasEnded = false;
    const open = this.open.active({ field });
    open.begin();
    return {
      eventSent: () => this.events.inc({ field }),
      end: (outcome) => {
        if (hasEnded) return;
        hasEnded = true;
        open.end();
        this.subscriptionSeconds.observe({ field, outcome }, (this.clock.monotonic() - startedAt) / 1000);
      },
    };
  }

  /** Returns the label value of a field. */
  fieldOf(name: string): string {
    return this.fields.of(name);
  }

  /** Returns the start time of a resolver, in milliseconds on the monotonic clock. */
  resolverStarted(): number {
    return this.clock.monotonic();
  }

  /** Records the end of a resolver. */
  resolverEnded(field: string, startedAt: number, outcome: CallOutcome): void {
    this.resolverSeconds?.observe({ field, outcome }, (this.clock.monotonic() - startedAt) / 1000);
  }

  /** Returns the operation of two label values, whose number is bounded by the schema and the options. */
  private operationOf(operation_type: string, operation: string): Operation {
    const key = `${operation_type} ${operation}`;
    let found = this.byLabel.get(key);
    if (found === undefined) {
      found = this.operations.operation({ operation_type, operation });
      this.byLabel.set(key, found);
    }
    return found;
  }
}

/** The identity of an operation until its document has been parsed. */
const UNNAMED = identityOf(UNKNOWN_TYPE, INVALID_OPERATION);

function identityOf(operation_type: string, operation: string): OperationIdentity {
  return {
    kind: 'graphql',
    name: `${operation_type} ${operation}`,
    metrics: { name: 'graphql', labels: { operation_type, operation } },
  };
}

/** Names the operation in the record of the request that carries it. */
function carry(carrier: CarryingOperation, identity: OperationIdentity, exception: unknown): void {
  const isOnly = carrier.part === undefined || carrier.part.name === identity.name;
  carrier.part = isOnly ? identity : SEVERAL;
  if (exception === undefined) return;
  carrier.hasFailed = true;
  carrier.exception = exception;
}

/** The identity of several operations in one request. */
const SEVERAL = identityOf(UNKNOWN_TYPE, '<several>');

/** Returns the exception of the application that an error stands for; undefined if it refuses what the client has sent. */
function thrownBy(error: unknown): unknown {
  try {
    const { originalError } = error as { readonly originalError?: { readonly extensions?: unknown } };
    // A resolver that throws a `GraphQLError` of its own refuses, too.
    const isRefused = isRefusal(error) || isRefusal(originalError) || originalError?.extensions !== undefined;
    return isRefused ? undefined : originalError;
  } catch {
    // A getter that throws.
    return undefined;
  }
}

function isRefusal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { extensions, getStatus } = error as {
    readonly extensions?: { readonly code?: unknown };
    readonly getStatus?: unknown;
  };
  if (typeof getStatus === 'function') return Number(Reflect.apply(getStatus, error, [])) < 500;
  return extensions?.code !== undefined && extensions.code !== SERVER_ERROR;
}

/** Returns the code of an error in a response, or else the class of the error that a resolver threw. */
function errorLabel(error: unknown): string {
  if (typeof error !== 'object' || error === null) return errorClass(error);
  const { extensions, originalError, code } = error as {
    extensions?: { code?: unknown };
    originalError?: unknown;
    code?: unknown;
  };
  const errorCode = extensions?.code ?? code;
  if (typeof errorCode === 'string' && ERROR_CODE.test(errorCode)) return errorCode;
  const type = errorClass(originalError ?? error);
  // Mercurius passes plain objects that are ready to be serialized.
  return type === 'Object' ? 'GraphQLError' : type;
}
