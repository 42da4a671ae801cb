import type { MetricsSource, PushExporterOptions, PushRequest, PushSurroundings } from 'nestjs-monitoring';
import { PushExporter } from 'nestjs-monitoring';
import type { MetricsInterval } from '../../../lib/exporters/push/metrics-interval.js';
import type { PushDestination } from '../../../lib/exporters/push/push-destination.js';
import {
  type ContractRemote,
  describeExporter,
  type RemoteMood,
  sumsOf,
  type ToldSums,
} from './exporter.contract.js';

interface Told {
  readonly what: 'counted' | 'observed';
  readonly kind: string;
  readonly added: number;
}

/** The least that a remote can be: it takes a few additions at a time, in memory. */
class Ledger implements ContractRemote {
  mood: RemoteMood = 'takes';
  readonly complaints: string[] = [];
  private readonly taken: Told[] = [];
  private readonly takenTwice: Told[] = [];
  private readonly untold = new Set<readonly Told[]>();

  connect(source: MetricsSource, options: PushExporterOptions, surroundings: PushSurroundings): PushExporter {
    return new PushExporter(source, new LedgerDestination(this), options, surroundings);
  }

  told(): ToldSums {
    return sumsOfTold(this.taken);
  }

  repeated(): ToldSums {
    return sumsOfTold(this.takenTwice);
  }

  async take(told: readonly Told[]): Promise<void> {
    if (this.mood === 'fails') throw new Error('503');
    if (this.mood === 'hangs') return new Promise(() => undefined);
    if (told.length > 2) this.complaints.push(`${told.length} at a time`);
    this.taken.push(...told);
    if (this.untold.delete(told)) this.takenTwice.push(...told);
    if (this.mood === 'takes') return undefined;
    this.untold.add(told);
    return new Promise(() => undefined);
  }
}

function sumsOfTold(told: readonly Told[]): ToldSums {
  const sums = (what: Told['what']) =>
    sumsOf(told.filter((one) => one.what === what).map(({ kind, added }) => [kind, added]));
  return { counted: sums('counted'), observed: sums('observed') };
}

class LedgerDestination implements PushDestination {
  readonly name = 'ledger';

  constructor(private readonly ledger: Ledger) {}

  encode({ families }: MetricsInterval): PushRequest[] {
    const told = families.flatMap((family): Told[] => {
      if (family.name === 'work_total' && family.type === 'counter') {
        return family.series.map(({ labels, delta }) => ({
          what: 'counted',
          kind: labels['kind'] ?? '',
          added: delta,
        }));
      }
      if (family.name === 'size_items' && family.type === 'histogram') {
        return family.series.map(({ labels, delta }) => ({
          what: 'observed',
          kind: labels['kind'] ?? '',
          added: delta.count,
        }));
      }
      return [];
    });
    const requests: PushRequest[] = [];
    for (let i = 0; i < told.length; i += 2) {
      const payload = told.slice(i, i + 2);
      requests.push({ payload, bytes: 100, points: payload.length });
    }
    return requests;
  }

  send({ payload }: PushRequest): Promise<void> {
    return this.ledger.take(payload as Told[]);
  }
}

describeExporter({
  name: 'the least exporter that there can be',
  takenTooLate: { counted: 'twice' },
  remote: () => new Ledger(),
});
