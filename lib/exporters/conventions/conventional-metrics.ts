import {
  BRIDGED_PREFIX,
  type ConventionByDomain,
  hasSemanticNames,
} from '../../metrics/conventions/conventions.js';
import type { SemanticContext } from '../../metrics/conventions/semantic-metric.js';
import type { SnapshotOptions } from '../../metrics/metric.js';
import { claimedNames } from '../../metrics/naming-rules.js';
import type { CollectOptions, MetricsSource } from '../../metrics/registry.js';
import type { WarningLogger } from '../../metrics/registry-options.js';
import type { MetricFamily, MetricsSnapshot } from '../../metrics/snapshot.js';
import { messageOf } from '../../primitives/error-message.js';
import { SafeLogger } from '../../primitives/safe-logger.js';
import { PROCESS_WARNINGS } from '../push/push-dependencies.js';
import { type DerivedDefinition, derivedDefinitions, type DerivedSource } from './derived-definition.js';
import { DerivedFamily } from './derived-family.js';
import { targetInfo } from './target-info.js';

/** The dependencies of {@link ConventionalMetrics}. */
export interface ConventionalDependencies {
  /** Returns the facts about this process that no label has. @default a server without TLS */
  readonly context?: () => SemanticContext;
  /** Attributes of `target_info`, which exists if any metric has a semantic name. @default no `target_info` */
  readonly resource?: Readonly<Record<string, string>>;
  /** Receiver of the log lines. @default process warnings */
  readonly logger?: WarningLogger;
}

type Found = readonly (readonly [DerivedSource, MetricFamily])[];

/**
 * The metrics of a source under the names of other conventions. They are derived from each snapshot, so that recording
 * costs nothing; metrics of the application, and those without another name, stay as they are. Of two metrics with one name
 * that measure the same, ours and that of an instrument of OpenTelemetry, the latter gets a prefix.
 */
export class ConventionalMetrics implements MetricsSource {
  private readonly derived: readonly DerivedFamily[];
  private readonly target: ((snapshot: MetricsSnapshot) => MetricFamily) | undefined;
  private readonly logger: SafeLogger;
  private readonly warned = new Set<string>();

  constructor(
    private readonly source: MetricsSource,
    conventions: ConventionByDomain,
    {
      context = () => ({ scheme: 'http' }),
      resource,
      logger = PROCESS_WARNINGS,
    }: ConventionalDependencies = {},
  ) {
    this.derived = derivedDefinitions(conventions, context).map(
      (definition) => new DerivedFamily(definition),
    );
    this.target = resource && hasSemanticNames(conventions) ? targetInfo(resource) : undefined;
    this.logger = new SafeLogger(logger);
  }

  async collect(options?: CollectOptions): Promise<MetricsSnapshot> {
    return this.viewOrOwn(await this.source.collect(options));
  }

  snapshot(options?: SnapshotOptions): MetricsSnapshot {
    return this.viewOrOwn(this.source.snapshot(options));
  }

  /** Returns the view, or the metrics as they are if it cannot be made: readers rely on a snapshot. */
  private viewOrOwn(snapshot: MetricsSnapshot): MetricsSnapshot {
    try {
      return this.view(snapshot);
    } catch (error) {
      this.warnOnce(
        '',
        `The metrics could not be named by OpenTelemetry's conventions, and have our names: ${messageOf(error)}`,
      );
      return snapshot;
    }
  }

  private view(snapshot: MetricsSnapshot): MetricsSnapshot {
    const byName = new Map(snapshot.families.map((family) => [family.name, family]));
    const hidden = new Set<string>();
    const renamed = new Map<string, string>();
    const derivedAt = new Map<string, MetricFamily[]>();
    const names = new Names(snapshot.families);
    for (const each of this.derived) {
      const found = foundOf(each.definition, byName);
      const [first] = found;
      if (first === undefined) continue;
      const [, { name: place, type }] = first;
      const { name, hides } = each.definition;
      const clashes = names.clashesOf(claimedNames(name, type), hides);
      const clash = clashes.find((other) => !isBridged(byName, other));
      if (clash !== undefined) {
        this.warnOnce(
          name,
          `The metric ${clash} of the application has the name that OpenTelemetry's conventions give to ${place}, which is not exposed under that name. Rename the metric of the application.`,
        );
        continue;
      }
      for (const bridged of clashes) renamed.set(bridged, BRIDGED_PREFIX + bridged);
      for (const own of hides) if (isReplaced(own, found, each.definition)) hidden.add(own);
      const others = derivedAt.get(place);
      const family = each.derive(found, snapshot);
      if (others === undefined) derivedAt.set(place, [family]);
      else others.push(family);
    }
    const target = this.target?.(snapshot);
    const [taken] = target ? names.clashesOf(claimedNames(target.name, target.type), []) : [];
    if (taken !== undefined) {
      this.warnOnce(
        'target_info',
        `The metric ${taken} of the application has the name of target_info, so the attributes of the resource are not exposed. Rename the metric of the application.`,
      );
    }
    const families = snapshot.families.flatMap((family) => [
      ...(hidden.has(family.name) ? [] : [withName(family, renamed.get(family.name))]),
      ...(derivedAt.get(family.name) ?? []),
    ]);
    return {
      ...snapshot,
      families: target !== undefined && taken === undefined ? [target, ...families] : families,
    };
  }

  private warnOnce(topic: string, message: string): void {
    if (this.warned.has(topic)) return;
    this.warned.add(topic);
    this.logger.warn(message);
  }
}

function foundOf({ sources }: DerivedDefinition, byName: ReadonlyMap<string, MetricFamily>): Found {
  return sources.flatMap((source) => {
    const family = byName.get(source.metric);
    return family !== undefined && source.accepts(family) ? [[source, family] as const] : [];
  });
}

/** Returns true unless a metric has a name of ours and labels that this library does not give it. */
function isReplaced(own: string, found: Found, { sources }: DerivedDefinition): boolean {
  const isSource = sources.some(({ metric }) => metric === own);
  return !isSource || found.some(([{ metric }]) => metric === own);
}

/** Returns true for the metric of an instrument of OpenTelemetry whose name with the prefix is free. */
function isBridged(byName: ReadonlyMap<string, MetricFamily>, name: string): boolean {
  return byName.get(name)?.openLabels === true && !byName.has(BRIDGED_PREFIX + name);
}

/**
 * Returns a metric under another name. Its identities keep the text of the own one, which no reader of the semantic names
 * of such a metric needs: on `/metrics`, the bridge gives the prefix itself.
 */
function withName(family: MetricFamily, name: string | undefined): MetricFamily {
  return name === undefined ? family : { ...family, name };
}

/** The names that the metrics of a snapshot occupy, by metric. */
class Names {
  private readonly owners: ReadonlyMap<string, string>;

  constructor(families: readonly MetricFamily[]) {
    this.owners = new Map(
      families.flatMap(({ name, type }) => claimedNames(name, type).map((claimed) => [claimed, name])),
    );
  }

  /** Returns the metrics that occupy one of the names and are not replaced. */
  clashesOf(names: readonly string[], replaced: readonly string[]): string[] {
    const owners = new Set<string>();
    for (const name of names) {
      const owner = this.owners.get(name);
      if (owner !== undefined && !replaced.includes(owner)) owners.add(owner);
    }
    return [...owners];
  }
}
