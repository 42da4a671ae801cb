import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import type { EndpointRouter } from '../http/endpoint.router.js';
import { CONTROLLER_NAMES } from '../http/endpoints.options.js';
import type { ApplicationObjects } from '../integrations/application-objects.integration.js';
import { foundCaches, foundDatabases, foundQueues } from '../integrations/found-clients.js';
import { Guard } from '../primitives/guard.js';
import { messageOf } from '../primitives/error-message.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { offParts } from './off-parts.js';
import { dependentsOnOtherCopies } from './other-copies.integration.js';

/** Maximum number of clients of a kind that a line names. */
const MAX_NAMES = 8;

/** The log lines about a start: the endpoints, the clients that were found, and the parts that are off. */
export class StartReport {
  private readonly logger = new SafeLogger(new Logger('Monitoring'));

  private readonly guard = new Guard((error) =>
    this.logger.warn(`The report of the start failed: ${messageOf(error)}`),
  );

  constructor(
    private readonly router: EndpointRouter,
    private readonly objects: ApplicationObjects,
    private readonly options: ResolvedOptions,
    private readonly modules: ModulesContainer,
  ) {}

  /** Logs at most three lines, and a warning. Never throws: the names of clients come from objects of the application. */
  log(): void {
    this.guard.call(() => this.logLines());
  }

  private logLines(): void {
    if (!this.options.enabled) {
      this.logger.log('Monitoring is off: the option `enabled` is false.');
      return;
    }
    this.logger.log(this.endpointsLine());
    this.logger.log(this.clientsLine());
    const off = this.offLine();
    if (off !== undefined) this.logger.log(off);
    const dependents = dependentsOnOtherCopies(this.modules);
    if (dependents.length > 0) this.logger.warn(otherCopyWarning(dependents));
  }

  private endpointsLine(): string {
    const { controllers, paths } = this.options.endpoints;
    const names = CONTROLLER_NAMES.filter((name) => controllers && paths[name] !== false);
    const addresses = this.router.addresses();
    const served = [...addresses, ...(names.length > 0 ? [`controllers of ${names.join(', ')}`] : [])];
    if (served.length > 0) return `Endpoints: ${served.join(', ')}`;
    if (this.options.offOnLambda.includes('endpoints.metrics')) {
      return 'Endpoints: none on AWS Lambda, where each environment has metrics of its own. Set the path of an endpoint to serve it.';
    }
    return Object.values(paths).every((path) => path === false)
      ? 'Endpoints: none, since the options turn all of them off.'
      : 'Endpoints: none, since the application has no HTTP server on Express or Fastify. Set `endpoints.listen` for a server of their own.';
  }

  private clientsLine(): string {
    const { objects } = this;
    const { collectors } = this.options;
    const kinds: readonly (readonly [kind: string, names: readonly string[]])[] = [
      ['databases', collectors.database === false ? [] : foundDatabases(objects)],
      ['caches', collectors.cache === false ? [] : foundCaches(objects)],
      ['queues', collectors.queues === false ? [] : foundQueues(objects)],
    ];
    const found = kinds.filter(([, names]) => names.length > 0);
    if (found.length === 0) return 'Found no client of a database, a cache or a queue among the providers.';
    return `Found ${found.map(([kind, names]) => `${kind}: ${listOf(names)}`).join('; ')}`;
  }

  /** Returns undefined if everything is on. */
  private offLine(): string | undefined {
    const groups = offParts(this.options).flatMap(({ names, reason }) => {
      // The line of the endpoints says that there are none.
      const others = names.filter(
        (name) => name !== 'endpoints' && (reason !== 'AWS Lambda' || !name.startsWith('endpoints.')),
      );
      return others.length === 0 ? [] : [`${others.join(', ')} (${reason})`];
    });
    return groups.length === 0 ? undefined : `Off: ${groups.join('; ')}.`;
  }
}

function otherCopyWarning(dependents: readonly string[]): string {
  const uses = dependents.length === 1 ? 'uses' : 'use';
  return `${listOf(dependents)} ${uses} another copy of nestjs-monitoring, so that its metrics are not those of this application. The package is loaded as an ES module and as CommonJS, or in two versions: see docs/libraries.md of the package.`;
}

function listOf(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return `${names.slice(0, MAX_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
