import { Logger, type Provider } from '@nestjs/common';
import type { ClusterMember } from '../cluster/cluster-member.js';
import { isClusterWorker } from '../cluster/cluster-worker.js';
import { type IsLeader, alwaysLeader } from '../business/leadership.js';
import { MetricsRegistry, type MetricsSource } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { CLUSTER_MEMBER } from './lazily-loaded.token.js';
import { IS_LEADER } from './is-leader.token.js';
import { METRICS_SOURCE } from './metrics-source.token.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';
import { SafeLogger } from '../primitives/safe-logger.js';
import { loadInTurn } from '../primitives/load-in-turn.js';

/** Providers of the merged metrics of several workers. */
export const CLUSTER_PROVIDERS: readonly Provider[] = [
  {
    provide: CLUSTER_MEMBER,
    inject: [MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: async (
      registry: MetricsRegistry,
      { enabled, cluster, defaultLabels, clock }: ResolvedOptions,
    ): Promise<ClusterMember | null> => {
      const logger = new SafeLogger(new Logger('Monitoring'));
      if (enabled && cluster === undefined && isClusterWorker()) {
        logger.log(
          'This is one of several workers; /metrics covers this worker only. Set `cluster: true` to merge the metrics of all workers, or `cluster: false` to hide this hint.',
        );
      }
      if (!enabled || cluster === undefined || cluster === false) return null;
      const { ClusterMember } = await loadInTurn(() => import('../cluster/cluster-member.js'));
      return new ClusterMember(registry, cluster, {
        defaultLabels: textsOf(defaultLabels),
        logger,
        clock,
      });
    },
  },
  {
    provide: METRICS_SOURCE,
    inject: [CLUSTER_MEMBER, MetricsRegistry],
    useFactory: (member: ClusterMember | null, registry: MetricsRegistry): MetricsSource =>
      member ?? registry,
  },
  {
    provide: IS_LEADER,
    inject: [CLUSTER_MEMBER, RESOLVED_OPTIONS],
    useFactory: (member: ClusterMember | null, { business: { isLeader } }: ResolvedOptions): IsLeader =>
      isLeader ?? (member === null ? alwaysLeader : () => member.isLeader),
  },
];

function textsOf(labels: ResolvedOptions['defaultLabels']): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}
