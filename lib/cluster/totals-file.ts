import { messageOf } from '../primitives/error-message.js';
import { decodeTotals, encodeTotals, type PersistedTotals } from './persisted-totals.js';
import type { RendezvousSocket } from './rendezvous-socket.js';

/** The file in which the leader saves the totals of all workers. */
export class TotalsFile {
  /** @param warn logs a warning once per topic */
  constructor(
    private readonly rendezvous: RendezvousSocket,
    private readonly defaultLabels: Readonly<Record<string, string>>,
    private readonly warn: (topic: string, message: string) => void,
  ) {}

  /** Returns the saved totals; undefined if there are none, or they cannot be read. */
  async read(): Promise<PersistedTotals | undefined> {
    const content = await this.rendezvous.read();
    try {
      return content && decodeTotals(content, this.defaultLabels);
    } catch (error) {
      this.warn(
        'reading totals',
        `Saved totals of other workers could not be read and are left out: ${messageOf(error)}`,
      );
      return undefined;
    }
  }

  /** Saves the totals. Never rejects. */
  async write(totals: PersistedTotals): Promise<void> {
    try {
      await this.rendezvous.write(encodeTotals(totals));
    } catch (error) {
      this.warn(
        'saving totals',
        `Totals could not be saved; they may decrease when a worker ends: ${messageOf(error)}`,
      );
    }
  }

  /** Removes the file. */
  clear(): void {
    this.rendezvous.clear();
  }
}
