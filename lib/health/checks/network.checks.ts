import { connect } from 'node:net';
import { hasMethods } from '../../integrations/object-shape.js';
import { isError } from '../../primitives/is-error.js';
import { requestAddress } from '../../primitives/request-address.js';
import type { HealthCheck, HealthCheckOptions } from '../health-check.js';

/** Options of {@link httpHealthCheck}. */
export interface HttpHealthCheckOptions extends HealthCheckOptions {
  /** URL that is requested; an http or https one. */
  readonly url: string | URL;
  /** Request headers, for example credentials. They never appear in reports. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The healthy status code. A redirect is not followed; its own status code counts. @default 200 to 299 */
  readonly expectedStatus?: number;
}

/** Returns a check that sends a GET request to another service. */
export function httpHealthCheck({
  url,
  headers,
  expectedStatus,
  ...options
}: HttpHealthCheckOptions): HealthCheck {
  return {
    ...options,
    check: async (signal) => {
      const address = requestAddress(url, headers);
      const response = await fetch(address.url, {
        signal,
        // A followed redirect to a login page would look healthy, and its host would receive the headers.
        redirect: 'manual',
        headers: address.headers,
      }).catch((error: unknown) => {
        // The error of fetch() only says "fetch failed"; the reason is its cause.
        throw isError(error) && isError(error.cause) ? error.cause : error;
      });
      await response.body?.cancel();
      const { status, ok } = response;
      const isHealthy = expectedStatus === undefined ? ok : status === expectedStatus;
      return {
        status: isHealthy ? 'healthy' : 'unhealthy',
        message: isHealthy ? `HTTP ${status}` : `HTTP ${status} (expected ${expectedStatus ?? '2xx'})`,
        details: { http_status: status },
      };
    },
  };
}

/** Options of {@link tcpHealthCheck}. */
export interface TcpHealthCheckOptions extends HealthCheckOptions {
  /** Host name or address to connect to. */
  readonly host: string;
  /** Port to connect to. */
  readonly port: number;
}

/** Returns a check that opens a TCP connection, for example to a microservice or a broker. */
export function tcpHealthCheck({ host, port, ...options }: TcpHealthCheckOptions): HealthCheck {
  return {
    ...options,
    check: (signal) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host, port, signal });
        socket.once('error', reject);
        socket.once('connect', () => {
          socket.destroy();
          resolve({ status: 'healthy', message: 'TCP connection successful' });
        });
      }),
  };
}

/** The part of a `ClientProxy` of `@nestjs/microservices` that the check uses. */
export interface MicroserviceClient {
  /** Connects, unless it is connected already. Rejects if it cannot connect. */
  connect(): Promise<unknown>;
  /** Returns the client of the transport, or several. */
  unwrap?(): unknown;
}

/** Options of {@link microserviceHealthCheck}. */
export interface MicroserviceHealthCheckOptions extends HealthCheckOptions {
  /** Client of a microservice, from `ClientProxyFactory` or `@Inject()`. */
  readonly client: MicroserviceClient;
}

/**
 * Returns a check that connects a `ClientProxy` to its microservice or broker, unless it is connected. With Redis and
 * NATS, the check also sends a ping over that connection.
 */
export function microserviceHealthCheck({ client, ...options }: MicroserviceHealthCheckOptions): HealthCheck {
  return {
    ...options,
    check: async () => {
      await client.connect();
      const transports = [client.unwrap?.()]
        .flat()
        .filter((transport) => typeof transport === 'object' && transport !== null);
      const pings = transports.flatMap((transport) => pingOf(transport) ?? []);
      await Promise.all(pings.map((ping) => ping()));
      return {
        status: 'healthy',
        message: pings.length === 0 ? 'Connection successful' : 'Ping successful',
      };
    },
  };
}

/** Returns the ping of a client: `ping()` of ioredis, `rtt()` of NATS. */
function pingOf(transport: object): (() => unknown) | undefined {
  for (const name of ['ping', 'rtt']) {
    if (hasMethods(transport, name)) return () => (transport as Record<string, () => unknown>)[name]?.();
  }
  return undefined;
}
