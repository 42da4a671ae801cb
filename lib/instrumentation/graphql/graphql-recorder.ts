import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { Histogram } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Outcome } from '../../primitives/outcome.js';
import { LabelValues } from '../../primitives/label-values.js';
import { errorClass } from '../error-class.js';
import { type Operation, Operations } from '../operations.js';
import type { GraphQLMetricsOptions } from './graphql.options.js';
import {
  type DocumentNode,
  INVALID_OPERATION,
  operationLabel,
  type OperationNode,
} from './operation-label.js';

/** Subscriptions last from seconds to days. */
const SUBSCRIPTION_BUCKETS = [1, 10, 60, 300, 900, 3_600, 14_400, 86_400];
const OPERATION_TYPES = ['query', 'mutation', 'subscription'];
/** As `GRAPHQL_VALIDATION_FAILED`: what looks otherwise may be anything. */
const ERROR_CODE = /^[A-Z][A-Z0-9_]*$/;

/** A schema has as many fields, and an application as many errors, as their code has; more are made of data. */
const MAX_OPERATIONS = 1_000;
const MAX_ERRORS = 200;

/** An operation that has begun. */
export interface OpenOperation {
  /** Set once the operation has been found valid. */
  parsed?: { readonly operation: OperationNode; readonly document: DocumentNode };
  /** To be called once, with the errors of the response. */
  end(errors: readonly unknown[]): void;
}

/** A subscription that is open. */
export interface OpenSubscription {
  sent(): void;
  /** Only the first call counts. */
  end(outcome: Outcome): void;
}

/** Counts and times GraphQL operations, subscriptions and, if wanted, resolvers. */
export class GraphQLRecorder {
  private readonly operations: Operations<'operation_type' | 'operation'>;
  private readonly byLabel = new Map<string, Operation>();
  private readonly errors: Counter<'operation_type' | 'operation' | 'error'>;
  private readonly open: Gauge<'field'>;
  private readonly events: Counter<'field'>;
  private readonly subscriptionSeconds: Histogram<'field' | 'outcome'>;
  private readonly resolverSeconds: Histogram<'field' | 'outcome'> | undefined;
  private readonly knownNames: ReadonlySet<string>;
  private readonly operationNames = new LabelValues(MAX_OPERATIONS);
  private readonly fields = new LabelValues(MAX_OPERATIONS);
  private readonly errorNames = new LabelValues(MAX_ERRORS);

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    { buckets, operationNames, resolvers }: Required<GraphQLMetricsOptions>,
  ) {
    this.knownNames = new Set(operationNames);
    this.operations = new Operations(registry, {
      total: [
        'graphql_operations_total',
        'GraphQL queries and mutations, by outcome: error if the response has any.',
      ],
      duration: [
        'graphql_operation_duration_seconds',
        'Time from the arrival of a GraphQL query or mutation to its response.',
      ],
      inProgress: [
        'graphql_operations_in_progress',
        'GraphQL queries and mutations that are being answered.',
      ],
      labelNames: ['operation_type', 'operation'],
      groupNames: [],
      buckets,
    });
    this.errors = registry.counter('graphql_errors_total', 'Errors in GraphQL responses, by code or class.', {
      labelNames: ['operation_type', 'operation', 'error'],
    });
    this.open = registry.gauge('graphql_subscriptions_open', 'GraphQL subscriptions that are open now.', {
      labelNames: ['field'],
    });
    this.events = registry.counter(
      'graphql_subscription_events_total',
      'Events that GraphQL subscriptions were sent.',
      { labelNames: ['field'] },
    );
    this.subscriptionSeconds = registry.histogram(
      'graphql_subscription_duration_seconds',
      'How long GraphQL subscriptions stayed open, by outcome: success, error or cancelled.',
      { labelNames: ['field', 'outcome'], buckets: SUBSCRIPTION_BUCKETS },
    );
    if (resolvers) {
      this.resolverSeconds = registry.histogram(
        'graphql_resolver_duration_seconds',
        'How long GraphQL resolvers take.',
        { labelNames: ['field', 'outcome'], buckets },
      );
    }
  }

  get timesResolvers(): boolean {
    return this.resolverSeconds !== undefined;
  }

  begin(): OpenOperation {
    const startedAt = this.operationOf('<unknown>', INVALID_OPERATION).start();
    let isOver = false;
    const open: OpenOperation = {
      end: (errors) => {
        if (isOver) return;
        isOver = true;
        const { parsed } = open;
        const type = parsed?.operation.operation;
        const operation_type = type !== undefined && OPERATION_TYPES.includes(type) ? type : '<unknown>';
        const operation =
          parsed === undefined
            ? INVALID_OPERATION
            : this.operationNames.of(operationLabel(parsed.operation, parsed.document, this.knownNames));
        this.operationOf(operation_type, operation).end(startedAt, errors.length > 0 ? 'error' : 'success');
        for (const error of errors) {
          this.errors.inc({ operation_type, operation, error: this.errorNames.of(errorLabel(error)) });
        }
      },
    };
    return open;
  }

  subscribed(name: string): OpenSubscription {
    const field = this.fieldOf(name);
    const startedAt = this.clock.monotonic();
    let isOver = false;
    this.open.inc({ field });
    return {
      sent: () => this.events.inc({ field }),
      end: (outcome) => {
        if (isOver) return;
        isOver = true;
        this.open.dec({ field });
        this.subscriptionSeconds.observe({ field, outcome }, (this.clock.monotonic() - startedAt) / 1000);
      },
    };
  }

  /** Returns the label of a field. */
  fieldOf(name: string): string {
    return this.fields.of(name);
  }

  resolverStarted(): number {
    return this.clock.monotonic();
  }

  resolverEnded(field: string, startedAt: number, outcome: Outcome): void {
    this.resolverSeconds?.observe({ field, outcome }, (this.clock.monotonic() - startedAt) / 1000);
  }

  /** There are as many as the schema has fields and the options have names. */
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

/** The code of an error in a response; without one, the class of what a resolver has thrown. */
function errorLabel(error: unknown): string {
  if (typeof error !== 'object' || error === null) return errorClass(error);
  const { extensions, originalError, code } = error as {
    extensions?: { code?: unknown };
    originalError?: unknown;
    code?: unknown;
  };
  const given = extensions?.code ?? code;
  if (typeof given === 'string' && ERROR_CODE.test(given)) return given;
  const type = errorClass(originalError ?? error);
  // Mercurius hands over what is to be serialised.
  return type === 'Object' ? 'GraphQLError' : type;
}
