import { Counter, CounterSeries } from './counter.js';
import { Gauge, GaugeSeries } from './gauge.js';
import { Histogram, HistogramSeries } from './histogram.js';
import { type StopTimer, Timer, TimerSeries } from './timer.js';

// The instruments of a disabled registry. They are defined and checked as usual, but record nothing.

const STOPPED: StopTimer = Object.assign(() => 0, { [Symbol.dispose]: () => undefined });

export class DisabledCounter extends Counter<string> {
  override inc(): void {}
  override labels(): CounterSeries {
    return new DisabledCounterSeries(this.store, {});
  }
}

class DisabledCounterSeries extends CounterSeries {
  override inc(): void {}
}

export class DisabledGauge extends Gauge<string> {
  override set(): void {}
  override inc(): void {}
  override dec(): void {}
  override labels(): GaugeSeries {
    return new DisabledGaugeSeries(this.store, {});
  }
}

class DisabledGaugeSeries extends GaugeSeries {
  override write(): void {}
}

export class DisabledHistogram extends Histogram<string> {
  override observe(): void {}
  override labels(): HistogramSeries {
    return new DisabledHistogramSeries(this.store, {}, this.upperBounds);
  }
}

class DisabledHistogramSeries extends HistogramSeries {
  override observe(): void {}
}

export class DisabledTimer extends Timer<string> {
  override observe(): void {}
  override labels(): TimerSeries {
    return new DisabledTimerSeries(this.store, {}, this.upperBounds);
  }
  override start(): StopTimer {
    return STOPPED;
  }
  override time<T>(...args: unknown[]): T {
    return (args.at(-1) as () => T)();
  }
  override timeFunc<This, A extends unknown[], T>(...args: unknown[]): (this: This, ...args: A) => T {
    return args.at(-1) as (this: This, ...args: A) => T;
  }
}

class DisabledTimerSeries extends TimerSeries {
  override observe(): void {}
  override start(): StopTimer {
    return STOPPED;
  }
  override time<T>(work: () => T): T {
    return work();
  }
  override timeFunc<F>(work: F): F {
    return work;
  }
}
