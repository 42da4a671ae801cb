import { Logger, type Provider } from '@nestjs/common';
import { ClusterMember } from '../cluster/cluster-member.js';
import { isOneOfSeveral } from '../cluster/surroundings.js';
import { type IsLeader, soleProcess } from '../business/leadership.js';
import { MetricsRegistry, type MetricsSource } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { IS_LEADER } from './is-leader.token.js';
import { METRICS_SOURCE } from './metrics-source.token.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';
import { SafeLogger } from '../primitives/safe-logger.js';

/** Providers of the merged metrics of several workers. */
export const CLUSTER_PROVIDERS: readonly Provider[] = [
  {
    // Null if the option is off.
    provide: ClusterMember,
    inject: [MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (
      registry: MetricsRegistry,
      { enabled, cluster, defaultLabels, clock }: ResolvedOptions,
    ): ClusterMember | null => {
      const logger = new SafeLogger(new Logger('Monitoring'));
      if (enabled && cluster === undefined && isOneOfSeveral()) {
        logger.log(
          'This is one of several workers, and its metrics are its own. With the option cluster: true each of them shows those of all; cluster: false is as it is now, without this hint.',
        );
      }
      if (!enabled || cluster === undefined || cluster === false) return null;
      return new ClusterMember(registry, cluster, {
        defaultLabels: textsOf(defaultLabels),
        logger,
        clock,
      });
    },
  },
  {
    provide: METRICS_SOURCE,
    inject: [ClusterMember, MetricsRegistry],
    useFactory: (member: ClusterMember | null, registry: MetricsRegistry): MetricsSource =>
      member ?? registry,
  },
  {
    provide: IS_LEADER,
    inject: [ClusterMember, RESOLVED_OPTIONS],
    useFactory: (member: ClusterMember | null, { business: { isLeader } }: ResolvedOptions): IsLeader =>
      isLeader ?? (member === null ? soleProcess : () => member.isLeader),
  },
];

function textsOf(labels: ResolvedOptions['defaultLabels']): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}
