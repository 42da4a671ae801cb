import { type Answer, type ReceivedRequest, RemoteServer } from '../remote.server.js';
import {
  type DecodedMetadata,
  type DecodedSeries,
  decodeMessage,
  type Value,
} from './write-request-decoder.js';

/** The limits of Mimir. */
const MAX_NAME_BYTES = 1_024;
const MAX_VALUE_BYTES = 2_048;
/** The limit that Amazon Managed Prometheus has for a compressed body. */
const MAX_BODY_BYTES = 1_000_000;
/** The limit that senders keep. */
const MAX_SAMPLES = 2_000;
const MAX_AHEAD_MS = 10 * 60_000;

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** What is stored of one series: every sample in the order of time. */
export interface StoredSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: { readonly timestamp: number; readonly value: Value }[];
}

/**
 * A receiver of remote write 1.0 that is as strict as the strictest real one: as in Prometheus, a request with one sample
 * that is older than the last one of its series, or equal in time and not in value, is refused as a whole.
 */
export class RemoteWriteServer extends RemoteServer {
  readonly series = new Map<string, StoredSeries>();
  readonly metadata = new Map<string, DecodedMetadata>();
  readonly exemplars: DecodedSeries['exemplars'][number][] = [];
  readonly received: DecodedSeries[] = [];
  readonly refusals: string[] = [];
  /** Number of requests with metadata. */
  metadataRequests = 0;

  /** @param now the time of the receiver */
  constructor(private readonly now: () => number = () => Date.now()) {
    super();
  }

  protected override answerTo({ method, url, headers, body, content }: ReceivedRequest): Answer {
    const expected = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    };
    for (const [name, value] of Object.entries(expected)) {
      if (headers[name] !== value) return this.refuse(415, `${name} is ${String(headers[name])}`);
    }
    if (!/^nestjs-monitoring\/\d/.test(headers['user-agent'] ?? '')) {
      return this.refuse(400, `user-agent is ${headers['user-agent']}`);
    }
    if (method !== 'POST' || url !== '/api/v1/write') return this.refuse(404, `${method} ${url}`);
    if (body.length > MAX_BODY_BYTES) return this.refuse(413, `${body.length} bytes`);
    try {
      const { timeseries, metadata } = decodeMessage(content);
      expectThat(timeseries.length + metadata.length > 0, 'an empty request');
      expectThat(timeseries.length <= MAX_SAMPLES, `${timeseries.length} samples`);
      for (const one of timeseries) this.check(one);
      for (const one of timeseries) this.store(one);
      if (metadata.length > 0) this.metadataRequests++;
      for (const one of metadata) this.metadata.set(one.metricFamilyName, one);
    } catch (error) {
      return this.refuse(400, (error as Error).message);
    }
    // As Mimir does; a 204 has no body, and the contract sends some.
    return { status: 200 };
  }

  /** The last value of each series that has not ended, by its labels. */
  current(name: string): { readonly labels: Readonly<Record<string, string>>; readonly value: number }[] {
    return [...this.series.values()]
      .filter(({ labels }) => labels['__name__'] === name)
      .flatMap(({ labels, samples }) => {
        const value = samples.at(-1)?.value;
        return typeof value === 'number' ? [{ labels, value }] : [];
      });
  }

  private check({ names, labels, samples, histograms, exemplars }: DecodedSeries): void {
    expectThat(METRIC_NAME.test(labels['__name__'] ?? ''), `metric name ${labels['__name__']}`);
    expectThat(
      names.every((name, i) => i === 0 || names[i - 1]! < name),
      `labels out of order or twice: ${names.join()}`,
    );
    for (const [name, value] of Object.entries(labels)) {
      expectThat(LABEL_NAME.test(name), `label name ${name}`);
      expectThat(value !== '', `an empty label ${name}`);
      expectThat(Buffer.byteLength(name) <= MAX_NAME_BYTES, 'a label name that is too long');
      expectThat(Buffer.byteLength(value) <= MAX_VALUE_BYTES, `${name} has a value that is too long`);
    }
    expectThat(samples.length + histograms.length === 1, `${samples.length} samples`);
    const stored = this.series.get(JSON.stringify(labels));
    for (const { timestamp, value } of samples) {
      expectThat(timestamp <= this.now() + MAX_AHEAD_MS, 'out of bounds');
      const last = stored?.samples.at(-1);
      if (last === undefined || last.timestamp < timestamp) continue;
      expectThat(last.timestamp === timestamp, 'out of order sample');
      expectThat(Object.is(last.value, value), 'duplicate sample for timestamp');
    }
    for (const exemplar of exemplars) {
      const text = Object.entries(exemplar.labels).flat().join('');
      expectThat(text.length <= 128, 'an exemplar that is too long');
    }
  }

  private store(series: DecodedSeries): void {
    const { labels, samples, exemplars } = series;
    this.received.push(series);
    this.exemplars.push(...exemplars);
    const key = JSON.stringify(labels);
    const stored = this.series.get(key) ?? { labels, samples: [] };
    this.series.set(key, stored);
    for (const sample of samples) {
      if (stored.samples.at(-1)?.timestamp !== sample.timestamp) stored.samples.push(sample);
    }
  }

  private refuse(status: number, message: string): Answer {
    this.refusals.push(`${status} ${message}`);
    return { status, body: message };
  }
}

function expectThat(valid: boolean, what: string): void {
  if (!valid) throw new Error(what);
}
