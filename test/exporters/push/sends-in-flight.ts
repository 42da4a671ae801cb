import type { PushExporter } from 'nestjs-monitoring/exporters';

/** Turns of the event loop within which a send over the loopback ends, unless it is held. */
const GRACE_TURNS = 50;

/** A counter of the sends in flight of watched exporters. */
export class SendsInFlight {
  private inFlight = 0;
  private heldBefore = 0;

  /** @param held returns the number of requests without a response, which end by their timeout only */
  constructor(private readonly held: () => number = () => 0) {}

  watch(exporter: PushExporter): void {
    const destination = exporter['destination'];
    const send = destination.send.bind(destination);
    const open = destination.open?.bind(destination);
    destination.send = (request, signal) => this.during(() => send(request, signal));
    if (open !== undefined) destination.open = () => this.during(open);
  }

  /** Resolves when no send is in flight that will end by itself. */
  async settled(): Promise<void> {
    // An exporter sends one request at a time.
    while (this.inFlight > 0 && this.held() === this.heldBefore) await new Promise(setImmediate);
    // The one that is held may be the one before, which arrived late: then this one is about to end.
    for (let turn = 0; turn < GRACE_TURNS && this.inFlight > 0; turn++) await new Promise(setImmediate);
  }

  private async during<T>(act: () => Promise<T>): Promise<T> {
    this.inFlight++;
    this.heldBefore = this.held();
    try {
      return await act();
    } finally {
      this.inFlight--;
    }
  }
}
