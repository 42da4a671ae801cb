import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { Histogram } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import { ErrorClasses } from '../error-class.js';
import { LONG_LIVED_BUCKETS } from '../long-lived-buckets.js';
import { OperationMetrics } from '../operation-metrics.js';
import type { OperationRecorder } from '../requests/operation.recorder.js';
import { type MeasuredOperation, messageOperation } from './measured-handler.js';
import type { WebSocketMetricsOptions } from './websocket.options.js';
import { WEBSOCKET_METRICS } from '../../metrics/metric-names.js';

/** Upper limits for values that come from data instead of code. */
const MAX_NAMESPACES = 100;
const MAX_EVENTS = 1_000;

/** The metrics of WebSocket connections and messages. */
export class WebSocketRecorder {
  private readonly operations: OperationMetrics<'namespace' | 'event'>;
  private readonly messages = new Map<string, Map<string, MeasuredOperation>>();
  private readonly errors: Counter<'handler' | 'error'>;
  private readonly namespaces = new BoundedLabelValues(MAX_NAMESPACES);
  private readonly events = new BoundedLabelValues(MAX_EVENTS);
  private readonly errorClasses = new ErrorClasses();
  private readonly connections: Counter<'namespace'>;
  private readonly open: Gauge<'namespace'>;
  private readonly seconds: Histogram<'namespace'>;

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly clock: Clock,
    { buckets }: Required<WebSocketMetricsOptions>,
    private readonly records?: OperationRecorder,
  ) {
    this.operations = new OperationMetrics(registry, {
      total: [
        WEBSOCKET_METRICS.messages,
        'Messages received by gateway handlers, by outcome: success, error or cancelled.',
      ],
      duration: [
        'websocket_message_duration_seconds',
        'Duration of gateway handlers, with guards, pipes and the whole reply, in seconds.',
      ],
      inProgress: ['websocket_messages_in_progress', 'Messages that gateway handlers are processing.'],
      labelNames: ['namespace', 'event'],
      groupNames: ['namespace'],
      buckets,
    });
    this.errors = registry.counter(
      'websocket_errors_total',
      'Exceptions thrown by gateway handlers, guards, pipes and interceptors, by class.',
      { labelNames: ['handler', 'error'] },
    );
    this.connections = registry.counter(
      'websocket_connections_total',
      'WebSocket connections that clients have opened.',
      {
        labelNames: ['namespace'],
      },
    );
    this.open = registry.gauge(
      WEBSOCKET_METRICS.connections,
      'WebSocket connections that are currently open.',
      {
        labelNames: ['namespace'],
      },
    );
    this.seconds = registry.histogram(
      'websocket_connection_duration_seconds',
      'Duration of closed WebSocket connections, in seconds.',
      { labelNames: ['namespace'], buckets: LONG_LIVED_BUCKETS },
    );
  }

  /** Returns the operation of one event. @param event an event for which a gateway has a handler */
  message(namespace: string, event: string): MeasuredOperation {
    let events = this.messages.get(namespace);
    if (events === undefined) this.messages.set(namespace, (events = new Map()));
    let operation = events.get(event);
    if (operation === undefined) {
      operation = this.measured({ namespace: this.namespaces.of(namespace), event: this.events.of(event) });
      events.set(event, operation);
    }
    return operation;
  }

  /** Records a new connection. @returns a function to call once when the connection has closed */
  connectionOpened(namespace: string): () => void {
    const startedAt = this.clock.monotonic();
    const labels = { namespace: this.namespaces.of(namespace) };
    this.connections.inc(labels);
    const open = this.open.active(labels);
    open.begin();
    return () => {
      open.end();
      this.seconds.observe(labels, (this.clock.monotonic() - startedAt) / 1000);
    };
  }

  /** Counts an exception of the current message. @param handler the handler, as `Class.method` */
  countError(handler: string, exception: unknown): void {
    this.records?.operations.handled(exception, handler);
    this.errors.inc({ handler, error: this.errorClasses.of(exception) });
    this.registry.errors?.observe(exception, 'message', handler);
  }

  private measured(labels: Readonly<Record<'namespace' | 'event', string>>): MeasuredOperation {
    const identity = { name: `${labels.namespace} ${labels.event}`, metrics: 'websocket' } as const;
    return messageOperation(this.operations, labels, identity, this.records);
  }
}
