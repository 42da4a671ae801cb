import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { Histogram } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { LabelValues } from '../../primitives/label-values.js';
import { ErrorClasses } from '../error-class.js';
import { type Operation, Operations } from '../operations.js';
import type { WebSocketMetricsOptions } from './websocket.options.js';

/** Connections last from seconds to days. */
const CONNECTION_BUCKETS = [1, 10, 60, 300, 900, 3_600, 14_400, 86_400];

/** An application has as many as its code has gateways and handlers; more are made of data. */
const MAX_NAMESPACES = 100;
const MAX_EVENTS = 1_000;

/** Counts and times the connections of WebSocket gateways and the messages that come by them. */
export class WebSocketRecorder {
  private readonly operations: Operations<'namespace' | 'event'>;
  private readonly messages = new Map<string, Map<string, Operation>>();
  private readonly errors: Counter<'handler' | 'error'>;
  private readonly namespaces = new LabelValues(MAX_NAMESPACES);
  private readonly events = new LabelValues(MAX_EVENTS);
  private readonly errorClasses = new ErrorClasses();
  private readonly connections: Counter<'namespace'>;
  private readonly open: Gauge<'namespace'>;
  private readonly seconds: Histogram<'namespace'>;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    { buckets }: Required<WebSocketMetricsOptions>,
  ) {
    this.operations = new Operations(registry, {
      total: [
        'websocket_messages_total',
        'Messages that handlers of gateways were called for, by outcome: success, error or cancelled.',
      ],
      duration: [
        'websocket_message_duration_seconds',
        'Time from the call of the handler of a gateway, with its guards and pipes, to the end of its reply.',
      ],
      inProgress: ['websocket_messages_in_progress', 'Messages that handlers of gateways are working on.'],
      labelNames: ['namespace', 'event'],
      groupNames: ['namespace'],
      buckets,
    });
    this.errors = registry.counter(
      'websocket_errors_total',
      'Exceptions of handlers of gateways, their guards, pipes and interceptors, by class.',
      { labelNames: ['handler', 'error'] },
    );
    this.connections = registry.counter('websocket_connections_total', 'WebSocket connections to gateways.', {
      labelNames: ['namespace'],
    });
    this.open = registry.gauge('websocket_connections_open', 'WebSocket connections that are open now.', {
      labelNames: ['namespace'],
    });
    this.seconds = registry.histogram(
      'websocket_connection_duration_seconds',
      'How long WebSocket connections stayed open.',
      { labelNames: ['namespace'], buckets: CONNECTION_BUCKETS },
    );
  }

  /** @param event one that a gateway has a handler for */
  message(namespace: string, event: string): Operation {
    let events = this.messages.get(namespace);
    if (events === undefined) this.messages.set(namespace, (events = new Map()));
    let operation = events.get(event);
    if (operation === undefined) {
      operation = this.operations.operation({
        namespace: this.namespaces.of(namespace),
        event: this.events.of(event),
      });
      events.set(event, operation);
    }
    return operation;
  }

  /** @returns what to call once when the connection has ended */
  connected(namespace: string): () => void {
    const startedAt = this.clock.monotonic();
    const labels = { namespace: this.namespaces.of(namespace) };
    this.connections.inc(labels);
    this.open.inc(labels);
    return () => {
      this.open.dec(labels);
      this.seconds.observe(labels, (this.clock.monotonic() - startedAt) / 1000);
    };
  }

  countError(handler: string, exception: unknown): void {
    this.errors.inc({ handler, error: this.errorClasses.of(exception) });
  }
}
