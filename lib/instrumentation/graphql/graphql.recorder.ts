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

/** Upper limits for values that come from data instead of code. */
const MAX_OPERATIONS = 1_000;
const MAX_ERRORS = 200;

/** An operation in progress. */
export interface OpenOperation {
  /** The parsed operation; set once the document is valid. */
  parsed?: { readonly operation: OperationNode; readonly document: DocumentNode };
  /** Records the end, with the errors of the response. Only the first call counts. */
  end(errors: readonly unknown[]): void;
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
    const open: OpenOperation = {
      end: (errors) => {
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
      },
    };
    return open;
  }

  /** Records the start of a subscription. @param name the name of the subscribed field */
  subscriptionStarted(name: string): OpenSubscription {
    const field = this.fieldOf(name);
    const startedAt = this.clock.monotonic();
    let hasEnded = false;
    this.open.inc({ field });
    return {
      eventSent: () => this.events.inc({ field }),
      end: (outcome) => {
        if (hasEnded) return;
        hasEnded = true;
        this.open.dec({ field });
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

/** Returns the error that a resolver threw; undefined for an invalid request, or for one that a `GraphQLError` refuses. */
function thrownBy(error: unknown): unknown {
  const originalError = (error as { readonly originalError?: { readonly extensions?: unknown } } | undefined)
    ?.originalError;
  return originalError?.extensions === undefined ? originalError : undefined;
}
