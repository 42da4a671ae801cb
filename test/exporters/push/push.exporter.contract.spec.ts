import type { MetricsSource } from 'nestjs-monitoring';
import type { PushExporterOptions, PushRequest, PushDependencies } from 'nestjs-monitoring/exporters';
import { PushExporter } from '../../../lib/exporters/push/push.exporter.js';
import type { MetricsInterval } from '../../../lib/exporters/push/metrics-interval.js';
import { type PushDestination, PushError } from '../../../lib/exporters/push/push-destination.js';
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

const MOST_AT_A_TIME = 10;

/** The least that a remote can be: it takes a few additions at a time, in memory. */
class Ledger implements ContractRemote {
  mood: RemoteMood = 'takes';
  attempts = 0;
  poison: string | undefined;
  readonly complaints: string[] = [];
  private readonly taken: Told[] = [];
  private readonly takenTwice: Told[] = [];
  private readonly untold = new Set<readonly Told[]>();

  connect(source: MetricsSource, options: PushExporterOptions, dependencies: PushDependencies): PushExporter {
    return new PushExporter(source, new LedgerDestination(this), options, dependencies);
  }

  told(): ToldSums {
    return sumsOfTold(this.taken);
  }

  repeated(): ToldSums {
    return sumsOfTold(this.takenTwice);
  }

  async take(told: readonly Told[]): Promise<void> {
    this.attempts++;
    if (told.some(({ kind }) => kind === this.poison)) throw new PushError('poison', 'drop');
    if (this.mood === 'refuses') throw new PushError('no such key', 'stop');
    if (this.mood === 'fails') throw new Error('503');
    if (this.mood === 'hangs') return new Promise(() => undefined);
    if (told.length > MOST_AT_A_TIME) this.complaints.push(`${told.length} at a time`);
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

function requestOf(payload: readonly Told[]): PushRequest {
  return { payload, bytes: 100, points: payload.length };
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
      if (family.name === 'poison_total') return [{ what: 'counted', kind: family.name, added: 1 }];
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
    for (let i = 0; i < told.length; i += MOST_AT_A_TIME) {
      requests.push(requestOf(told.slice(i, i + MOST_AT_A_TIME)));
    }
    return requests;
  }

  split({ payload }: PushRequest): PushRequest[] {
    const told = payload as Told[];
    const middle = Math.ceil(told.length / 2);
    return told.length < 2 ? [] : [requestOf(told.slice(0, middle)), requestOf(told.slice(middle))];
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
