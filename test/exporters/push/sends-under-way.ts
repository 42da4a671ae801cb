import type { PushExporter } from 'nestjs-monitoring/exporters';

/** Knows when exporters have nothing under way any more that will end by itself, by watching their destinations. */
export class SendsUnderWay {
  private underWay = 0;
  private heldBefore = 0;

  /** @param held how many requests have been left without an answer, which only time will end */
  constructor(private readonly held: () => number = () => 0) {}

  watch(exporter: PushExporter): void {
    const destination = exporter['destination'];
    const send = destination.send.bind(destination);
    const open = destination.open?.bind(destination);
    destination.send = (request, signal) => this.during(() => send(request, signal));
    if (open !== undefined) destination.open = () => this.during(open);
  }

  async settled(): Promise<void> {
    // An exporter sends one request at a time.
    while (this.underWay > 0 && this.held() === this.heldBefore) await new Promise(setImmediate);
  }

  private async during<T>(act: () => Promise<T>): Promise<T> {
    this.underWay++;
    this.heldBefore = this.held();
    try {
      return await act();
    } finally {
      this.underWay--;
    }
  }
}
