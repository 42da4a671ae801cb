import type { Socket } from 'node:net';
import type { MetricFamily } from '../metrics/snapshot.js';
import type { Contribution, Worker } from './contribution.js';
import { type KnownWorker, readCounts, writtenCounts } from './kept-counts.js';
import type { MeetingPlace } from './meeting-place.js';
import type { MergedView } from './merged-view.js';
import { type ExponentialWish, type FollowerMessage, PROTOCOL } from './messages.js';
import { MessageStream } from './message.stream.js';
import { endedSeries, seriesKeys, withoutSeries } from './ended-series.js';
import { withCountsOf } from './metrics-merger.js';
import type { OwnMetrics } from './own-metrics.js';
import { keyOf } from './surroundings.js';
import { WorkerSeat } from './worker-seat.js';

/** What a worker has around it. */
export interface WorkerSurroundings {
  readonly own: OwnMetrics;
  readonly place: MeetingPlace;
  readonly view: MergedView;
  readonly defaultLabels: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** How long the gauges of a worker that does not answer are shown as they were. */
  readonly graceMs: number;
  readonly maxMessageBytes: number;
  /** Says something once for each topic. */
  readonly warn: (topic: string, message: string) => void;
}

/** What a reader wants of the metrics of all. */
export interface MergedWish {
  readonly exponential: ExponentialWish;
  readonly timeoutMs: number;
}

/**
 * Brings together the metrics of all workers, and keeps what those that are gone have counted. Before it shows a
 * number it writes down where it came from, so that whoever leads next shows no smaller one.
 */
export class ClusterLeader {
  private readonly seats = new Map<string, WorkerSeat>();
  private readonly streams = new Set<MessageStream>();
  private estate: readonly MetricFamily[] = [];
  /** What ended in workers since all of them were looked at. */
  private ended: Contribution[] = [];
  private ownFamilies: readonly MetricFamily[] = [];
  private index = 0;
  /** Metrics whose exponential histograms somebody has wanted: asked for ever after, so that none is missing. */
  private wanted: ExponentialWish = false;
  private running: Promise<MetricFamily[]> | undefined;
  private next: Promise<MetricFamily[]> | undefined;

  constructor(private readonly surroundings: WorkerSurroundings) {}

  get hasFollowers(): boolean {
    return [...this.seats.values()].some(({ isConnected }) => isConnected);
  }

  /** Takes over from whoever led before. */
  async begin(): Promise<void> {
    const { place, defaultLabels, own, warn } = this.surroundings;
    const content = await place.read();
    if (content === undefined) return;
    try {
      const kept = readCounts(content, defaultLabels);
      this.estate = kept?.estate ?? [];
      for (const { name, index, families } of kept?.workers ?? []) {
        if (keyOf(name) === keyOf(own.name)) this.index = index;
        else this.seatFor(name, index).families = families;
      }
    } catch (error) {
      warn('kept counts', `What workers had counted before cannot be read, and is lost: ${String(error)}`);
    }
    for (const seat of this.seats.values()) seat.lose(Date.now());
    if ([...this.seats.values()].some(({ worker }) => worker.index === this.index)) {
      this.index = this.freeIndex();
    }
  }

  accept(socket: Socket): void {
    let seat: WorkerSeat | undefined;
    const stream = new MessageStream(socket, this.surroundings.maxMessageBytes, {
      message: (message) => {
        seat = this.receive(stream, seat, message as FollowerMessage);
      },
      closed: (reason) => {
        this.streams.delete(stream);
        if (seat?.speaksOver(stream) === true) seat.lose(Date.now());
        if (reason !== undefined) {
          this.surroundings.warn('worker', `A worker could not be understood: ${reason.message}`);
        }
      },
    });
    this.streams.add(stream);
  }

  /**
   * The metrics of all workers. Who asks while they are being brought together gets what is brought together next:
   * nothing that had been counted by now is missing.
   */
  gather(wish: MergedWish): Promise<MetricFamily[]> {
    this.wanted = bothWishes(this.wanted, wish.exponential);
    if (this.running === undefined) return this.run(wish.timeoutMs);
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.run(wish.timeoutMs);
      });
    return this.next;
  }

  /** Ends: what it has counted is left to the others. */
  async end(): Promise<void> {
    await (this.next ?? this.running)?.catch(() => undefined);
    const { own, timeoutMs, place } = this.surroundings;
    this.tellOwn(await own.collect({ exponential: this.wanted, timeoutMs }));
    this.keepEnded();
    this.estate = withCountsOf(this.estate, this.ownContribution(true), this.pids(false));
    this.buryTheDead();
    if (this.seats.size > 0) await this.write(this.knownWorkers(false));
    else place.clear();
    this.abandon();
  }

  /** Leaves everything to another worker, which has taken over. */
  abandon(): void {
    for (const stream of this.streams) stream.close();
  }

  private run(timeoutMs: number): Promise<MetricFamily[]> {
    this.running = this.bringTogether(timeoutMs).finally(() => (this.running = undefined));
    return this.running;
  }

  private async bringTogether(timeoutMs: number): Promise<MetricFamily[]> {
    const { own, view, graceMs } = this.surroundings;
    const wish = { exponential: this.wanted, timeoutMs };
    const seats = [...this.seats.values()];
    const [ownFamilies, answered] = await Promise.all([
      own.collect(wish),
      Promise.all(seats.map((seat) => seat.ask(wish.exponential, timeoutMs))),
    ]);
    this.tellOwn(ownFamilies);
    this.buryTheDead();
    const contributions = [this.ownContribution(true)];
    let missing = 0;
    seats.forEach((seat, i) => {
      const { worker, families, silentMs } = seat;
      if (this.seats.get(keyOf(seat.name)) === seat) {
        contributions.push({ worker, families, isCurrent: silentMs <= graceMs });
        if (!answered[i]) missing++;
      }
    });
    this.keepEnded();
    const families = view.of(contributions, this.estate, missing);
    await this.write(this.knownWorkers(true));
    return families;
  }

  private receive(
    stream: MessageStream,
    seat: WorkerSeat | undefined,
    message: FollowerMessage,
  ): WorkerSeat | undefined {
    if (message.kind === 'hello') {
      if (message.protocol !== PROTOCOL) throw new Error('it has another version of this library');
      const found = this.seatFor(message.name);
      found.take(stream);
      found.say({ kind: 'welcome', index: found.worker.index });
      return found;
    }
    if (seat === undefined) throw new Error('it did not say who it is');
    // Another connection of the same worker has taken its place.
    if (!seat.speaksOver(stream)) return seat;
    switch (message.kind) {
      case 'told':
        this.tellOf(seat, message.families, message.id);
        break;
      case 'ask':
        void this.answer(seat, message);
        break;
      case 'bye':
        this.tellOf(seat, message.families);
        seat.say({ kind: 'farewell' });
        this.bury(seat);
        break;
      case 'ping':
        seat.say({ kind: 'pong' });
        break;
      default:
        throw new Error('it said what nobody says');
    }
    return seat;
  }

  private async answer(
    seat: WorkerSeat,
    { id, exponential, timeoutMs }: Extract<FollowerMessage, { kind: 'ask' }>,
  ): Promise<void> {
    const limitMs = Math.min(timeoutMs, this.surroundings.timeoutMs);
    const families = await this.gather({ exponential, timeoutMs: limitMs });
    seat.answer(id, families, (name) => isWished(exponential, name));
  }

  private tellOwn(families: readonly MetricFamily[]): void {
    const before = this.ownFamilies;
    this.ownFamilies = families;
    this.noteEnded(before, this.ownContribution(true));
  }

  private tellOf(seat: WorkerSeat, told: unknown, id?: number): void {
    const before = seat.families;
    seat.told(told, id);
    const { worker, families } = seat;
    this.noteEnded(before, { worker, families, isCurrent: true });
  }

  private noteEnded(before: readonly MetricFamily[], { worker, families }: Contribution): void {
    const ended = endedSeries(before, families);
    if (ended.length > 0) this.ended.push({ worker, families: ended, isCurrent: false });
  }

  /**
   * Keeps what ended in workers, as long as one of them has such a series: its total goes on. A series that nobody
   * has any more is gone; who has it is known only when all have told.
   */
  private keepEnded(): void {
    if (this.ended.length === 0) return;
    const live = [this.ownFamilies, ...Array.from(this.seats.values(), (seat) => seat.families)].map(
      seriesKeys,
    );
    const isLive = (name: string, key: string): boolean =>
      live.some((keys) => keys.get(name)?.has(key) === true);
    for (const { worker, families } of this.ended.splice(0)) {
      const endedKeys = seriesKeys(families);
      const isGone = (name: string, key: string): boolean =>
        endedKeys.get(name)?.has(key) === true && !isLive(name, key);
      this.estate = withCountsOf(
        withoutSeries(this.estate, isGone),
        { worker, families: withoutSeries(families, isGone), isCurrent: false },
        this.pids(true),
      );
    }
  }

  private buryTheDead(): void {
    for (const seat of this.seats.values()) if (seat.isGone(Date.now())) this.bury(seat);
  }

  private bury(seat: WorkerSeat): void {
    // As long as it still has what it began anew.
    this.keepEnded();
    this.seats.delete(keyOf(seat.name));
    const { worker, families } = seat;
    this.estate = withCountsOf(this.estate, { worker, families, isCurrent: false }, this.pids(true));
  }

  private pids(withOwn: boolean): Set<number> {
    const others = Array.from(this.seats.values(), ({ worker }) => worker.pid);
    return new Set(withOwn ? [...others, this.surroundings.own.name.pid] : others);
  }

  private ownContribution(isCurrent: boolean): Contribution {
    const worker: Worker = { index: this.index, pid: this.surroundings.own.name.pid };
    return { worker, families: this.ownFamilies, isCurrent };
  }

  private knownWorkers(withOwn: boolean): KnownWorker[] {
    const { own } = this.surroundings;
    const others = Array.from(this.seats.values(), ({ name, worker: { index }, families }) => ({
      name,
      index,
      families,
    }));
    return withOwn ? [{ name: own.name, index: this.index, families: this.ownFamilies }, ...others] : others;
  }

  private async write(workers: readonly KnownWorker[]): Promise<void> {
    const { place, warn } = this.surroundings;
    try {
      await place.write(writtenCounts({ workers, estate: this.estate }));
    } catch (error) {
      warn(
        'keeping counts',
        `What workers have counted cannot be kept, so that totals may fall when one of them ends: ${String(error)}`,
      );
    }
  }

  private seatFor(name: KnownWorker['name'], index = this.freeIndex()): WorkerSeat {
    const key = keyOf(name);
    let seat = this.seats.get(key);
    if (seat === undefined) {
      seat = new WorkerSeat(name, index);
      this.seats.set(key, seat);
    }
    return seat;
  }

  private freeIndex(): number {
    const taken = new Set([this.index, ...Array.from(this.seats.values(), ({ worker }) => worker.index)]);
    let free = 0;
    while (taken.has(free)) free++;
    return free;
  }
}

export function isWished(wish: ExponentialWish, name: string): boolean {
  return typeof wish === 'boolean' ? wish : wish.includes(name);
}

function bothWishes(a: ExponentialWish, b: ExponentialWish): ExponentialWish {
  if (a === true || b === true) return true;
  if (a === false || b === false) return a || b;
  return [...new Set([...a, ...b])];
}
