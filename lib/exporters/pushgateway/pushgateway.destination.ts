import type { MetricFamily, MetricsSnapshot } from '../../metrics/snapshot.js';
import { renderExposition } from '../prometheus/exposition.js';
import type { MetricsInterval } from '../push/metrics-interval.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { Acknowledgement, Refusal } from '../push/refusal.js';
import { labelsBesideGroup } from './labels-beside-group.js';
import type { PushgatewayClient } from './pushgateway.client.js';

/** The number of requests by which one push finds the metrics that are refused. */
const MOST_PROBES = 32;

/** A group of a Pushgateway, which shows Prometheus the last that it was told. */
export class PushgatewayDestination implements PushDestination {
  readonly name = 'pushgateway';
  readonly supersedes = true;

  /** The names of the metrics that were refused last. */
  private refused: ReadonlySet<string> = new Set();

  /** @param groupLabels the names of the labels that the group has */
  constructor(
    private readonly client: PushgatewayClient,
    private readonly groupLabels: readonly string[],
  ) {}

  encode({ snapshot }: MetricsInterval): PushRequest[] {
    const body = textOf(snapshot, this.groupLabels);
    return [{ payload: { snapshot, body }, bytes: body.length, points: pointsOf(snapshot.families) }];
  }

  /** Replaces the group. Where a metric of it is refused, as one of another type in another group, the rest is told. */
  async send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]> {
    if (request instanceof Acknowledgement) return undefined;
    if (request instanceof Refusal) throw request.asError();
    const { snapshot, body } = request.payload as { snapshot: MetricsSnapshot; body: Buffer };
    const refusal = await this.refusalOf('PUT', body, signal);
    if (refusal === undefined) {
      this.refused = new Set();
      return undefined;
    }
    const lost = await this.pushRest(snapshot, refusal, signal);
    if (lost === 0) return undefined;
    return [new Refusal(lost, refusal.message), new Acknowledgement(request.points - lost)];
  }

  /**
   * Adds to the group. Where a metric is refused, the rest is told all the same.
   *
   * @throws {PushError} if any was refused
   */
  async add(snapshot: MetricsSnapshot, signal: AbortSignal): Promise<void> {
    const refusal = await this.refusalOf('POST', textOf(snapshot, this.groupLabels), signal);
    if (refusal === undefined) return;
    // Whatever is not refused is added on the way.
    await this.findRefused(snapshot, signal);
    throw refusal;
  }

  /**
   * Replaces the group by all metrics but those that are refused.
   *
   * @returns the number of series that are refused
   * @throws {PushError} if all are
   */
  private async pushRest(
    snapshot: MetricsSnapshot,
    refusal: PushError,
    signal: AbortSignal,
  ): Promise<number> {
    const { families } = snapshot;
    const isKnown = this.refused.size > 0 && this.refused.size < families.length;
    if (!isKnown || !(await this.pushWithout(this.refused, snapshot, signal))) {
      this.refused = await this.findRefused(snapshot, signal);
      if (!(await this.pushWithout(this.refused, snapshot, signal))) throw refusal;
    }
    return pointsOf(families.filter(({ name }) => this.refused.has(name)));
  }

  /** @returns false if the rest is refused, too, or is nothing: then the group stays as it is */
  private async pushWithout(
    refused: ReadonlySet<string>,
    snapshot: MetricsSnapshot,
    signal: AbortSignal,
  ): Promise<boolean> {
    const families = snapshot.families.filter(({ name }) => !refused.has(name));
    if (pointsOf(families) === 0) return false;
    const body = textOf({ ...snapshot, families }, this.groupLabels);
    return (await this.refusalOf('PUT', body, signal)) === undefined;
  }

  /**
   * Finds the metrics that are refused by adding halves of those in question to the group, which lacks none meanwhile.
   * Once the probes are used up, all that are still in question are taken to be refused.
   */
  private async findRefused(snapshot: MetricsSnapshot, signal: AbortSignal): Promise<Set<string>> {
    const refused = new Set<string>();
    const inQuestion = halvesOf(snapshot.families);
    let probes = 0;
    for (let half = inQuestion.shift(); half !== undefined; half = inQuestion.shift()) {
      const isTaken =
        probes++ < MOST_PROBES &&
        (await this.refusalOf('POST', textOf({ ...snapshot, families: half }, this.groupLabels), signal)) ===
          undefined;
      if (isTaken) continue;
      if (half.length > 1 && probes < MOST_PROBES) inQuestion.push(...halvesOf(half));
      else for (const { name } of half) refused.add(name);
    }
    return refused;
  }

  /** @throws {PushError} for what is not the fault of the metrics */
  private async refusalOf(
    method: 'PUT' | 'POST',
    body: Buffer,
    signal: AbortSignal,
  ): Promise<PushError | undefined> {
    try {
      await this.client.request(method, body, signal);
      return undefined;
    } catch (error) {
      if (error instanceof PushError && error.remedy === 'drop') return error;
      throw error;
    }
  }
}

/** Renders the metrics as the Pushgateway takes them: in text format 0.0.4, without timestamps. */
function textOf(snapshot: MetricsSnapshot, groupLabels: readonly string[]): Buffer {
  const beside = labelsBesideGroup(snapshot, groupLabels);
  return Buffer.concat([...renderExposition(beside, { format: 'prometheus', created: false })]);
}

function pointsOf(families: readonly MetricFamily[]): number {
  return families.reduce((sum, { numbers, stride }) => sum + numbers.length / stride, 0);
}

function halvesOf(families: readonly MetricFamily[]): (readonly MetricFamily[])[] {
  const middle = Math.ceil(families.length / 2);
  return [families.slice(0, middle), families.slice(middle)].filter(({ length }) => length > 0);
}
