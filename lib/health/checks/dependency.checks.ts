import { connect } from 'node:net';
import { hasMethods } from '../../integrations/structure.js';
import { requestAddress } from '../../primitives/request-address.js';
import type { HealthCheck, HealthCheckOptions } from '../health-check.js';
import type { HealthStatus } from '../health-status.js';

/** Options of {@link httpHealthCheck}. */
export interface HttpHealthCheckOptions extends HealthCheckOptions {
  readonly url: string | URL;
  /** Sent along, for example to be let in. They are shown nowhere. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The status that is healthy. A redirect is an answer of its own, and is not followed. @default 200 to 299 */
  readonly expectedStatus?: number;
}

/** Whether another service answers over HTTP. */
export function httpHealthCheck({
  url,
  headers,
  expectedStatus,
  ...options
}: HttpHealthCheckOptions): HealthCheck {
  return {
    ...options,
    check: async (signal) => {
      // Followed, a redirect to a login would be healthy, and its host would get the headers.
      const address = requestAddress(url, headers);
      const response = await fetch(address.url, {
        signal,
        redirect: 'manual',
        headers: address.headers,
      }).catch((error: unknown) => {
        // fetch() only says that it failed, and has the reason below.
        throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
      });
      await response.body?.cancel();
      const isWell = expectedStatus === undefined ? response.ok : response.status === expectedStatus;
      return {
        status: isWell ? 'healthy' : 'unhealthy',
        message: `It answered ${response.status}`,
        details: { http_status: response.status },
      };
    },
  };
}

/** Options of {@link tcpHealthCheck}. */
export interface TcpHealthCheckOptions extends HealthCheckOptions {
  readonly host: string;
  readonly port: number;
}

/** Whether something takes connections at a port, such as a microservice. */
export function tcpHealthCheck({ host, port, ...options }: TcpHealthCheckOptions): HealthCheck {
  return {
    ...options,
    check: (signal) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host, port, signal });
        socket.once('error', reject);
        socket.once('connect', () => {
          socket.destroy();
          resolve({ status: 'healthy', message: 'It takes connections' });
        });
      }),
  };
}

/** The part of a `ClientProxy` of `@nestjs/microservices` that the check uses. */
export interface MicroserviceClient {
  /** Connects, unless it is connected already; rejects if that cannot be done. */
  connect(): Promise<unknown>;
  /** Returns the client of the transport, or several. */
  unwrap?(): unknown;
}

/** Options of {@link microserviceHealthCheck}. */
export interface MicroserviceHealthCheckOptions extends HealthCheckOptions {
  readonly client: MicroserviceClient;
}

/**
 * Makes a check that connects a `ClientProxy` to its microservice or broker, unless it is connected, and has Redis and
 * NATS answer a ping over that connection.
 */
export function microserviceHealthCheck({ client, ...options }: MicroserviceHealthCheckOptions): HealthCheck {
  return {
    ...options,
    check: async () => {
      await client.connect();
      const transports = [client.unwrap?.()].flat().filter((transport) => transport instanceof Object);
      const pings = transports.flatMap((transport) => pingOf(transport) ?? []);
      await Promise.all(pings.map((ping) => ping()));
      return { status: 'healthy', message: pings.length === 0 ? 'Connected' : 'It answers' };
    },
  };
}

/** The round trip of a client of ioredis is called `ping`, and that of one of NATS `rtt`. */
function pingOf(transport: object): (() => unknown) | undefined {
  for (const name of ['ping', 'rtt']) {
    if (hasMethods(transport, name)) return () => (transport as Record<string, () => unknown>)[name]?.();
  }
  return undefined;
}

/** Who knows which alerts fire. */
export interface FiringAlerts {
  /** The alerts that fire now. */
  firing(): Iterable<{ readonly rule: string; readonly severity: string; readonly message: string }>;
}

/** Options of {@link alertsHealthCheck}. */
export interface AlertsHealthCheckOptions extends Partial<HealthCheckOptions> {
  readonly alerts: FiringAlerts;
  /** Alerts of which severity count. @default ['critical'] */
  readonly severities?: readonly string[];
  /** What it is while one of them fires. @default 'degraded' */
  readonly status?: HealthStatus;
}

/** Whether an alert fires that counts. */
export function alertsHealthCheck(options: AlertsHealthCheckOptions): HealthCheck {
  const { alerts, severities = ['critical'], status = 'degraded', ...rest } = options;
  return {
    name: 'alerts',
    inProcess: true,
    ...rest,
    check: () => {
      const firing = [...alerts.firing()].filter(({ severity }) => severities.includes(severity));
      const [first] = firing;
      if (first === undefined) return { status: 'healthy', message: 'No alert fires' };
      return {
        status,
        message: first.message,
        details: { firing: [...new Set(firing.map(({ rule }) => rule))] },
      };
    },
  };
}

/** The exporters whose remote takes nothing until somebody acts. */
export interface StoppedExporters {
  stopped(): readonly { readonly exporter: string; readonly reason: string }[];
}

/** Whether every exporter that pushes is let in by its remote, such as with a key that is valid. */
export function exportersHealthCheck(exporters: StoppedExporters): HealthCheck {
  return {
    name: 'exporters',
    critical: false,
    inProcess: true,
    check: () => {
      const stopped = exporters.stopped();
      const [first] = stopped;
      if (first === undefined) return { status: 'healthy', message: 'No exporter is refused by its remote' };
      return {
        status: 'degraded',
        message: `Exporter ${first.exporter} has stopped: ${first.reason}`,
        details: { stopped: stopped.map(({ exporter }) => exporter) },
      };
    },
  };
}
