import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { copyMethodMetadata } from '../../primitives/copy-method-metadata.js';
import type { Guard } from '../../primitives/guard.js';
import { patchMethod, withObservedCallback } from '../../primitives/method-patch.js';
import type { Operation } from '../operations.js';
import { witnessExceptions } from './exception-witness.instrumentation.js';
import { FailedReplies } from './failed-replies.js';
import { followReply, type ReplyEnd } from './reply.js';
import type { WebSocketRecorder } from './websocket-recorder.js';

/** What `@WebSocketGateway` leaves on a class, and `@SubscribeMessage` on a method. */
const GATEWAY_METADATA = 'websockets:is_gateway';
const HANDLER_METADATA = 'websockets:message_mapping';
const EVENT_METADATA = 'message';
const DEFAULT_NAMESPACE = '/';

type Callback = (this: unknown, ...args: unknown[]) => unknown;

interface MessageHandler {
  readonly message: unknown;
  readonly callback: Callback;
}

/** What is used of a `WebSocketAdapter`. */
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
 * Measures gateways where Nest hands them to the adapter of the application, whichever it is: who connects, and the
 * handlers with all that Nest has put around them.
 */
export class WebSocketInstrumentation {
  private readonly restore: (() => void)[] = [];
  private readonly adapters = new WeakSet<object>();
  private readonly namespaces = new WeakMap<object, string>();
  private readonly connections = new WeakMap<object, Connection>();
  private readonly failedReplies = new Map<string, FailedReplies>();
  /** Undefined before Nest has asked for the adapter, null if there is no gateway. */
  private recorder: WebSocketRecorder | null | undefined;

  /** @param makeRecorder called if the application has a gateway */
  constructor(
    config: ApplicationConfig,
    private readonly modules: ModulesContainer,
    private readonly guard: Guard,
    private readonly makeRecorder: () => WebSocketRecorder,
  ) {
    // Nest asks for the adapter when it has found the first gateway, before it reads the handlers of any.
    const returned = (adapter: unknown): void => {
      if (this.recorder === undefined) this.recorder = this.witnessing();
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
        const connected = ([client]: readonly unknown[]): void =>
          this.connected(adapter, client, server, recorder);
        return { args: withObservedCallback(args, 1, guard, connected) };
      }),
      patchMethod(adapter, 'bindMessageHandlers', guard, ([client, handlers, ...more]) => ({
        args: [client, this.measured(client as object, handlers as MessageHandler[], recorder), ...more],
      })),
    );
  }

  /** Called for each gateway that shares a server; the client is one. */
  private connected(adapter: Adapter, client: unknown, server: unknown, recorder: WebSocketRecorder): void {
    if (!isObject(client) || this.connections.has(client)) return;
    const namespace = (isObject(server) && this.namespaces.get(server)) || DEFAULT_NAMESPACE;
    const connection: Connection = { namespace, isOpen: true };
    this.connections.set(client, connection);
    // Without a way to hear of its end, it would seem to be open for ever.
    if (typeof adapter.bindClientDisconnect !== 'function') return;
    const ended = recorder.connected(namespace);
    adapter.bindClientDisconnect(client, () => {
      if (!connection.isOpen) return;
      connection.isOpen = false;
      ended();
    });
  }

  private measured(
    client: object,
    handlers: readonly MessageHandler[],
    recorder: WebSocketRecorder,
  ): readonly MessageHandler[] {
    const connection = this.connections.get(client) ?? { namespace: DEFAULT_NAMESPACE, isOpen: true };
    return handlers.map((handler) => {
      const event = String(handler.message);
      const operation = recorder.message(connection.namespace, event);
      return { ...handler, callback: this.measuredCallback(handler.callback, operation, event, connection) };
    });
  }

  private measuredCallback(
    callback: Callback,
    operation: Operation,
    event: string,
    connection: Connection,
  ): Callback {
    const { guard } = this;
    const failed = this.failedRepliesOf(event);
    const isWanted = (): boolean => connection.isOpen;
    return copyMethodMetadata(callback, function (this: unknown, ...args: unknown[]) {
      const startedAt = guard.run(() => operation.start());
      const end: ReplyEnd = (outcome, by) => {
        if (startedAt === undefined) return;
        operation.end(startedAt, outcome === 'success' && failed.consumeFailure(by) ? 'error' : outcome);
      };
      let reply: unknown;
      try {
        reply = Reflect.apply(callback, this, args);
      } catch (error) {
        guard.run(() => end('error', 'settling'));
        throw error;
      }
      return followReply(reply, end, guard, isWanted);
    });
  }

  private failedRepliesOf(event: string): FailedReplies {
    let failed = this.failedReplies.get(event);
    if (failed === undefined) this.failedReplies.set(event, (failed = new FailedReplies()));
    return failed;
  }

  private witnessing(): WebSocketRecorder | null {
    const hasGateway = [...this.modules.values()].some(({ providers }) =>
      [...providers.values()].some(({ metatype }) => isGateway(metatype)),
    );
    if (!hasGateway) return null;
    const recorder = this.makeRecorder();
    this.restore.push(
      witnessExceptions(this.modules, HANDLER_METADATA, this.guard, ({ name, method }) => {
        const failed = this.failedRepliesOf(String(Reflect.getMetadata(EVENT_METADATA, method)));
        return (exception) => {
          recorder.countError(name, exception);
          failed.noteException();
        };
      }),
    );
    return recorder;
  }
}

function isGateway(metatype: unknown): boolean {
  return typeof metatype === 'function' && Reflect.getMetadata(GATEWAY_METADATA, metatype) === true;
}

/** As it stands in the code of the gateway; a client may choose among the namespaces that a pattern is for. */
function namespaceOf({ namespace, path }: ServerOptions = {}): string {
  if (namespace instanceof RegExp || typeof namespace === 'string') return String(namespace);
  if (namespace !== undefined) return '<dynamic>';
  return typeof path === 'string' ? path : DEFAULT_NAMESPACE;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
