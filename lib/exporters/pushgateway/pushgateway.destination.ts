import { type MetricsSnapshot, seriesCountOf } from '../../metrics/snapshot.js';
import { renderExposition } from '../prometheus/exposition.js';
import { halvesOf } from '../push/batches.js';
import type { MetricsInterval } from '../push/metrics-interval.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { AcceptedPoints, RejectedPoints } from '../push/partial-success.js';
import type { PushgatewayClient } from './pushgateway.client.js';
import { renameGroupCollisions } from './rename-group-collisions.js';

/** Maximum number of requests per push to find the metrics that are rejected. */
const MAX_PROBES = 32;

/** A group of a Pushgateway, which exposes its last push to Prometheus, as a destination of pushes. */
export class PushgatewayDestination implements PushDestination {
  readonly name = 'pushgateway';
  readonly supersedes = true;

  /** Names of the metrics that the last push found to be rejected. */
  private rejected: ReadonlySet<string> = new Set();

  /** @param groupLabels names of the labels of the group */
  constructor(
    private readonly client: PushgatewayClient,
    private readonly groupLabels: readonly string[],
  ) {}

  encode({ snapshot }: MetricsInterval): PushRequest[] {
    const body = textOf(snapshot, this.groupLabels);
    return [{ payload: { snapshot, body }, bytes: body.length, points: seriesCountOf(snapshot.families) }];
  }

  /** Replaces the group. If a metric is rejected, for example for its type in another group, sends all others. */
  async send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]> {
    if (request instanceof AcceptedPoints) return undefined;
    if (request instanceof RejectedPoints) throw request.asError();
    const { snapshot, body } = request.payload as { snapshot: MetricsSnapshot; body: Buffer };
    const rejection = await this.rejectionOf('PUT', body, signal);
    if (rejection === undefined) {
      this.rejected = new Set();
      return undefined;
    }
    const lost = await this.pushOthers(snapshot, rejection, signal);
    if (lost === 0) return undefined;
    return [new RejectedPoints(lost, rejection.message), new AcceptedPoints(request.points - lost)];
  }

  /**
   * Adds the metrics to the group. The metrics that are not rejected are added even if others are.
   *
   * @throws {PushError} if any metric is rejected
   */
  async add(snapshot: MetricsSnapshot, signal: AbortSignal): Promise<void> {
    const rejection = await this.rejectionOf('POST', textOf(snapshot, this.groupLabels), signal);
    if (rejection === undefined) return;
    // The search adds whatever is not rejected.
    await this.findRejected(snapshot, signal);
    throw rejection;
  }

  /**
   * Replaces the group by the metrics that are not rejected.
   *
   * @returns the number of series that are rejected
   * @throws {PushError} if all are rejected
   */
  private async pushOthers(
    snapshot: MetricsSnapshot,
    rejection: PushError,
    signal: AbortSignal,
  ): Promise<number> {
    const { families } = snapshot;
    const isKnown = this.rejected.size > 0 && this.rejected.size < families.length;
    if (!isKnown || !(await this.pushWithout(this.rejected, snapshot, signal))) {
      this.rejected = await this.findRejected(snapshot, signal);
      if (!(await this.pushWithout(this.rejected, snapshot, signal))) throw rejection;
    }
    return seriesCountOf(families.filter(({ name }) => this.rejected.has(name)));
  }

  /** @returns false if the other metrics are rejected, too, or if there are none; the group stays unchanged then */
  private async pushWithout(
    rejected: ReadonlySet<string>,
    snapshot: MetricsSnapshot,
    signal: AbortSignal,
  ): Promise<boolean> {
    const families = snapshot.families.filter(({ name }) => !rejected.has(name));
    if (seriesCountOf(families) === 0) return false;
    const body = textOf({ ...snapshot, families }, this.groupLabels);
    return (await this.rejectionOf('PUT', body, signal)) === undefined;
  }

  /**
   * Finds the rejected metrics by bisection, adding halves of the candidates to the group, which stays complete
   * meanwhile. Once the probes are used up, the remaining candidates count as rejected.
   */
  private async findRejected(snapshot: MetricsSnapshot, signal: AbortSignal): Promise<Set<string>> {
    const rejected = new Set<string>();
    const candidates = halvesOf(snapshot.families);
    let probes = 0;
    for (let half = candidates.shift(); half !== undefined; half = candidates.shift()) {
      const isAccepted =
        probes++ < MAX_PROBES &&
        (await this.rejectionOf(
          'POST',
          textOf({ ...snapshot, families: half }, this.groupLabels),
          signal,
        )) === undefined;
      if (isAccepted) continue;
      if (half.length > 1 && probes < MAX_PROBES) candidates.push(...halvesOf(half));
      else for (const { name } of half) rejected.add(name);
    }
    return rejected;
  }

  /** Sends a request and returns the error of a rejection. @throws {PushError} for any other failure */
  private async rejectionOf(
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

/** Renders the metrics for the Pushgateway, in text format 0.0.4 without timestamps. */
function textOf(snapshot: MetricsSnapshot, groupLabels: readonly string[]): Buffer {
  const renamed = renameGroupCollisions(snapshot, groupLabels);
  return Buffer.concat([...renderExposition(renamed, { format: 'prometheus', created: false })]);
}
