import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { Guard } from '../../primitives/guard.js';
import { patchMethod, withObservedCallback } from '../../primitives/method-patch.js';
import { observeExceptions } from './exception-observer.instrumentation.js';
import { FailedReplies } from './failed-replies.js';
import { measuredHandler } from './measured-handler.js';
import type { WebSocketRecorder } from './websocket.recorder.js';
import { isObject } from '../../primitives/is-object.js';

/** The metadata keys that `@WebSocketGateway()` sets on a class, and `@SubscribeMessage()` on a method. */
const GATEWAY_METADATA = 'websockets:is_gateway';
const HANDLER_METADATA = 'websockets:message_mapping';
const EVENT_METADATA = 'message';
const DEFAULT_NAMESPACE = '/';

type Callback = (this: unknown, ...args: unknown[]) => unknown;

interface MessageHandler {
  readonly message: unknown;
  readonly callback: Callback;
}

/** The part of a `WebSocketAdapter` that is used. */
interface Adapter {
  bindClientDisconnect?(client: object, callback: () => void): unknown;
}

interface ServerOptions {
  readonly namespace?: unknown;
  readonly path?: unknown;
}

interface Connection {
  readonly namespace: string;
  isOpen: boolean;
}

/**
 * The instrumentation of WebSocket gateways: connections and message handlers, including their guards, pipes,
 * interceptors and filters. It patches the WebSocket adapter of the application, so that it works with every adapter.
 */
export class WebSocketInstrumentation {
  private readonly restore: (() => void)[] = [];
  private readonly adapters = new WeakSet<object>();
  private readonly namespaces = new WeakMap<object, string>();
  private readonly connections = new WeakMap<object, Connection>();
  private readonly failedReplies = new Map<string, FailedReplies>();
  /** Undefined until Nest has requested the adapter; null if the application has no gateway. */
  private recorder: WebSocketRecorder | null | undefined;

  /** @param createRecorder called once, if the application has a gateway */
  constructor(
    config: ApplicationConfig,
    private readonly modules: ModulesContainer,
    private readonly guard: Guard,
    private readonly createRecorder: () => WebSocketRecorder,
  ) {
    // Nest requests the adapter at the first gateway, before it reads any handler.
    const returned = (adapter: unknown): void => {
      if (this.recorder === undefined) this.recorder = this.recorderOfGateways();
      if (!isObject(adapter) || this.recorder === null || this.adapters.has(adapter)) return;
      this.measure(adapter, this.recorder);
    };
    this.restore.push(patchMethod(config, 'getIoAdapter', guard, () => ({ returned })));
  }

  stop(): void {
    for (const restore of this.restore.splice(0)) restore();
  }

  private measure(adapter: Adapter, recorder: WebSocketRecorder): void {
    this.adapters.add(adapter);
    const { guard, namespaces } = this;
    this.restore.push(
      patchMethod(adapter, 'create', guard, ([, options]) => ({
        returned(server) {
          if (isObject(server)) namespaces.set(server, namespaceOf(options as ServerOptions | undefined));
        },
      })),
      patchMethod(adapter, 'bindClientConnect', guard, (args) => {
        const [server] = args;
        const onConnect = ([client]: readonly unknown[]): void =>
          this.trackConnection(adapter, client, server, recorder);
        return { args: withObservedCallback(args, 1, guard, onConnect) };
      }),
      patchMethod(adapter, 'bindMessageHandlers', guard, ([client, handlers, ...more]) => ({
        args: [
          client,
          this.measureHandlers(client as object, handlers as MessageHandler[], recorder),
          ...more,
        ],
      })),
    );
  }

  /** Tracks a connection. Called once for each gateway of a server, with the same client. */
  private trackConnection(
    adapter: Adapter,
    client: unknown,
    server: unknown,
    recorder: WebSocketRecorder,
  ): void {
    if (!isObject(client) || this.connections.has(client)) return;
    const namespace = (isObject(server) && this.namespaces.get(server)) || DEFAULT_NAMESPACE;
    const connection: Connection = { namespace, isOpen: true };
    this.connections.set(client, connection);
    // Without a disconnect event, the connection would count as open forever.
    if (typeof adapter.bindClientDisconnect !== 'function') return;
    const close = recorder.connectionOpened(namespace);
    adapter.bindClientDisconnect(client, () => {
      if (!connection.isOpen) return;
      connection.isOpen = false;
      close();
    });
  }

  private measureHandlers(
    client: object,
    handlers: readonly MessageHandler[],
    recorder: WebSocketRecorder,
  ): readonly MessageHandler[] {
    const connection = this.connections.get(client) ?? { namespace: DEFAULT_NAMESPACE, isOpen: true };
    return handlers.map((handler) => {
      const event = String(handler.message);
      const operation = recorder.message(connection.namespace, event);
      const failedReplies = this.failedRepliesOf(event);
      const callback = measuredHandler(handler.callback, operation, this.guard, {
        outcomeOf: (outcome, kind) =>
          outcome === 'success' && failedReplies.consumeFailure(kind) ? 'error' : outcome,
        isConnected: () => connection.isOpen,
      });
      return { ...handler, callback };
    });
  }

  private failedRepliesOf(event: string): FailedReplies {
    let failed = this.failedReplies.get(event);
    if (failed === undefined) this.failedReplies.set(event, (failed = new FailedReplies()));
    return failed;
  }

  /** Returns the recorder, and observes exceptions with it; null if the application has no gateway. */
  private recorderOfGateways(): WebSocketRecorder | null {
    const hasGateway = [...this.modules.values()].some(({ providers }) =>
      [...providers.values()].some(({ metatype }) => isGateway(metatype)),
    );
    if (!hasGateway) return null;
    const recorder = this.createRecorder();
    this.restore.push(
      observeExceptions(this.modules, HANDLER_METADATA, this.guard, ({ name, method }) => {
        const failed = this.failedRepliesOf(String(Reflect.getMetadata(EVENT_METADATA, method)));
        return (exception) => {
          recorder.countError(name, exception);
          failed.recordException();
        };
      }),
    );
    return recorder;
  }
}

function isGateway(metatype: unknown): boolean {
  return typeof metatype === 'function' && Reflect.getMetadata(GATEWAY_METADATA, metatype) === true;
}

/** Returns the namespace as the gateway declares it, since clients choose among the namespaces that a pattern matches. */
function namespaceOf({ namespace, path }: ServerOptions = {}): string {
  if (namespace instanceof RegExp || typeof namespace === 'string') return String(namespace);
  if (namespace !== undefined) return '<dynamic>';
  return typeof path === 'string' ? path : DEFAULT_NAMESPACE;
}
