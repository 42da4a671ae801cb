import type { Instrument } from './instrument.js';

/** The maximum number of measurements that are kept. */
const MAX_MEASUREMENTS = 1_000;

interface EarlyMeasurement {
  readonly instrument: Instrument;
  readonly value: number;
  readonly attributes: object;
}

/** The first measurements of an application, which are made before it has started. */
export class EarlyMeasurements {
  private kept: EarlyMeasurement[] = [];
  private lost = 0;
  private isKeeping = false;

  /** Begins to keep measurements. */
  begin(): void {
    this.isKeeping = true;
  }

  /** Keeps a copy of a measurement, if an application is about to start. Never throws. */
  readonly hold = (instrument: Instrument, value: unknown, attributes: object): void => {
    if (!this.isKeeping) return;
    if (this.kept.length >= MAX_MEASUREMENTS) this.lost++;
    else {
      try {
        this.kept.push({ instrument, value: value as number, attributes: { ...attributes } });
      } catch {
        this.lost++;
      }
    }
  };

  /** Passes the measurements to the recorders that their instruments have by now. @returns the number of those lost */
  replay(): number {
    const { kept, lost } = this;
    this.kept = [];
    this.lost = 0;
    this.isKeeping = false;
    for (const { instrument, value, attributes } of kept) {
      for (const recorder of instrument.recorders) recorder.record(value, attributes);
    }
    return lost;
  }
}
