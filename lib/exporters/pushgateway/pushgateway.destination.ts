import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import { renderExposition } from '../prometheus/exposition.js';
import type { MetricsInterval } from '../push/metrics-interval.js';
import type { PushDestination, PushRequest } from '../push/push-destination.js';
import { labelsBesideGroup } from './labels-beside-group.js';
import type { PushgatewayClient } from './pushgateway.client.js';

/** A group of a Pushgateway, which shows Prometheus the last that it was told. */
export class PushgatewayDestination implements PushDestination {
  readonly name = 'pushgateway';
  readonly supersedes = true;

  /** @param groupLabels the names of the labels that the group has */
  constructor(
    private readonly client: PushgatewayClient,
    private readonly groupLabels: readonly string[],
  ) {}

  encode({ snapshot }: MetricsInterval): PushRequest[] {
    const body = textOf(snapshot, this.groupLabels);
    let points = 0;
    for (const { numbers, stride } of snapshot.families) points += numbers.length / stride;
    return [{ payload: body, bytes: body.length, points }];
  }

  send({ payload }: PushRequest, signal: AbortSignal): Promise<void> {
    return this.client.request('PUT', payload as Buffer, signal);
  }
}

/** The metrics as the Pushgateway takes them: in text format 0.0.4, without timestamps. */
export function textOf(snapshot: MetricsSnapshot, groupLabels: readonly string[]): Buffer {
  const beside = labelsBesideGroup(snapshot, groupLabels);
  return Buffer.concat([...renderExposition(beside, { format: 'prometheus', created: false })]);
}
