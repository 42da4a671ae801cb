import type { Attributes, Meter, Observable, ObservableResult } from '@opentelemetry/api';
import { PrometheusExporter as SdkExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import * as fc from 'fast-check';
import { MetricsRegistry, PrometheusExporter } from 'nestjs-monitoring';
import { BridgedMeterProvider } from '../../../lib/integrations/opentelemetry/meter-provider.js';
import { OpenTelemetryBridge } from '../../../lib/integrations/opentelemetry/open-telemetry.bridge.js';

/**
 * The comparison of the bridge with the SDK and its Prometheus exporter. Every difference that is allowed is listed here,
 * as in docs/exporters.md. Those with a function are put into the samples of the SDK before they are compared; the others
 * are not generated here, and have tests of their own in open-telemetry.bridge.long.spec.ts.
 *
 * - target_info is not exposed: removed from the samples of the SDK
 * - one HELP for a metric, the longest description, and none without a description: `helpOf()`
 * - attributes that are undefined or null are no labels: `canonicalLabels()`
 * - attribute sets with the same labels are one series: `merged()`
 * - attributes with the same label are joined with `;`: `canonicalLabels()`
 * - labels do not begin with a digit: `canonicalLabels()`
 * - observables expose what their last collection has observed: the owners in Model
 * - a series that several callbacks observe has the value of one of them: `isCandidate()`
 * - values that are no finite numbers are dropped: not generated
 * - negative values of observable counters are dropped: not generated
 * - names that are taken, too long or empty are refused: not generated
 * - labels that are reserved are renamed: not generated
 * - the overflow series has another label and another limit: not generated
 * - equal boundaries of a histogram are one bucket: not generated
 * - unit suffixes, unless they are switched off: switched off here
 */

const KINDS = [
  'counter',
  'upDownCounter',
  'gauge',
  'histogram',
  'observableCounter',
  'observableUpDownCounter',
  'observableGauge',
] as const;
type Kind = (typeof KINDS)[number];

interface Definition {
  readonly scope: number;
  readonly kind: Kind;
  readonly description: string;
}

interface Observed {
  readonly value: number;
  readonly attributes: Attributes;
  /** For a callback of several instruments: which of them. */
  readonly which: number;
}

/** One call of the application. */
export type Step =
  | { readonly type: 'create'; readonly definition: Definition }
  | {
      readonly type: 'measure';
      readonly instrument: number;
      readonly value: number;
      readonly attributes: Attributes;
    }
  | {
      readonly type: 'callback';
      readonly instruments: readonly number[];
      readonly isBatch: boolean;
      readonly isAsync: boolean;
      /** What it observes, one collection after the other; undefined for one in which it fails. */
      readonly runs: readonly (readonly Observed[] | undefined)[];
    }
  | { readonly type: 'remove callback'; readonly callback: number }
  | { readonly type: 'collect' };

const SCOPES = [
  ['shop', '1.2.0', undefined],
  ['shop', undefined, undefined],
  ['', undefined, 'https://opentelemetry.io/schemas/1.27.0'],
] as const;

/** One name for each kind, some with what Prometheus has to replace. */
const NAMES: Readonly<Record<Kind, string>> = {
  counter: 'orders.placed',
  upDownCounter: 'orders-open',
  gauge: 'shop/temperature',
  histogram: 'order.duration',
  observableCounter: 'bytes.sent_total',
  observableUpDownCounter: 'queue..size',
  observableGauge: 'Cpu.Load',
};

const BOUNDARIES = [0.5, 1, 2, Infinity];

// Sums of quarters are exact in any order.
const value = fc.integer({ min: -40, max: 400 }).map((quarters) => quarters / 4);
const positive = fc.integer({ min: 0, max: 400 }).map((quarters) => quarters / 4);

const attributeValue = fc.oneof(
  fc.constantFrom<Attributes[string]>('a', 'b', '', '1', 'true', 'quote " back \\ line \n end', 'é\u{1f600}'),
  fc.constantFrom<Attributes[string]>(0, 1, -1.5, 1e21, true, false, undefined),
  fc.constantFrom<Attributes[string]>(['a', 'b'], [1, 2], [], [true]),
  fc.constant(null as unknown as string),
);

const attributes: fc.Arbitrary<Attributes> = fc.dictionary(
  fc.constantFrom('a', 'b', 'a.b', 'a_b', 'http.route', 'é', '1st', '__x', 'constructor'),
  attributeValue,
  { maxKeys: 4, noNullPrototype: true },
);

const observed = fc.record({ value: positive, attributes, which: fc.nat(2) });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('create' as const),
      definition: fc.record({
        scope: fc.nat(SCOPES.length - 1),
        kind: fc.constantFrom(...KINDS),
        description: fc.constantFrom('', 'Short.', 'A longer text.', 'With \\ and\nmore.'),
      }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant('measure' as const), instrument: fc.nat(), value, attributes }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('callback' as const),
      instruments: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      isBatch: fc.boolean(),
      isAsync: fc.boolean(),
      runs: fc.array(fc.option(fc.array(observed, { maxLength: 4 }), { nil: undefined, freq: 6 }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('remove callback' as const), callback: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('collect' as const) }) },
);

/** Calls of an application, in which nothing is recorded before there is an instrument. */
export const steps: fc.Arbitrary<readonly Step[]> = fc
  .array(step, { minLength: 4, maxLength: 40 })
  .map((list) => [...list, { type: 'collect' } as const]);

interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

interface Exposition {
  readonly samples: readonly Sample[];
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
}

/** Runs the same calls on both, and compares what they expose after each collection. @returns the first difference */
export async function firstDifference(calls: readonly Step[]): Promise<string | undefined> {
  const reader = new SdkExporter({ preventServerStart: true });
  const sdk = new MeterProvider({ readers: [reader] });
  const serializer = new PrometheusSerializer();
  const registry = new MetricsRegistry({ logger: { warn: () => undefined } });
  const provider = new BridgedMeterProvider();
  const bridge = new OpenTelemetryBridge(registry, { unitSuffixes: false, scopeLabels: true }, provider);
  const detach = provider.attach(bridge);
  const exporter = new PrometheusExporter(registry);
  const model = new Model();
  const both = [new Application(sdk, model), new Application(provider)] as const;
  for (const [at, call] of calls.entries()) {
    if (call.type !== 'collect') {
      for (const application of both) application.do(call);
      continue;
    }
    model.beginCollection();
    const theirs = parsed(serializer.serialize((await reader.collect()).resourceMetrics));
    const ours = parsed(await exporter.generateText());
    for (const application of both) application.collected();
    const difference = differenceOf(model, theirs, withoutOwn(ours));
    if (difference !== undefined) return `after call ${at}: ${difference}`;
  }
  detach();
  await sdk.shutdown();
  return undefined;
}

type Recording = {
  add?(value: number, attributes?: Attributes): void;
  record?(value: number, attributes?: Attributes): void;
};

interface Created {
  readonly definition: Definition;
  readonly instrument: Recording | Observable;
}

/** The instruments that the calls create with one provider. */
class Application {
  private readonly created: Created[] = [];
  private readonly callbacks: { readonly remove: () => void }[] = [];
  private collections = 0;

  constructor(
    private readonly provider: { getMeter(...args: never[]): unknown },
    private readonly model?: Model,
  ) {}

  collected(): void {
    this.collections++;
  }

  do(call: Step): void {
    if (call.type === 'create') this.create(call.definition);
    else if (call.type === 'measure') this.measure(call.instrument, call.value, call.attributes);
    else if (call.type === 'callback') this.addCallback(call);
    else if (call.type === 'remove callback')
      this.callbacks.splice(call.callback % (this.callbacks.length || 1), 1)[0]?.remove();
  }

  private meterOf(scope: number): Meter {
    const [name, version, schemaUrl] = SCOPES[scope]!;
    const get = this.provider.getMeter.bind(this.provider) as (...args: unknown[]) => Meter;
    return get(name, version, schemaUrl === undefined ? undefined : { schemaUrl });
  }

  private create(definition: Definition): void {
    const { scope, kind, description } = definition;
    const meter = this.meterOf(scope);
    const name = NAMES[kind];
    // One value type for each name and scope: the SDK has two series otherwise.
    const options = { description, valueType: scope % 2, advice: {} };
    const create = {
      counter: () => meter.createCounter(name, options),
      upDownCounter: () => meter.createUpDownCounter(name, options),
      gauge: () => meter.createGauge(name, options),
      histogram: () =>
        meter.createHistogram(name, { ...options, advice: { explicitBucketBoundaries: BOUNDARIES } }),
      observableCounter: () => meter.createObservableCounter(name, options),
      observableUpDownCounter: () => meter.createObservableUpDownCounter(name, options),
      observableGauge: () => meter.createObservableGauge(name, options),
    };
    this.created.push({ definition, instrument: create[kind]() });
    this.model?.describe(definition);
  }

  private measure(index: number, given: number, labels: Attributes): void {
    const recording = this.created.filter(({ definition }) => !definition.kind.startsWith('observable'));
    const target = recording[index % (recording.length || 1)];
    if (target === undefined) return;
    const instrument = target.instrument as Recording;
    if (instrument.add === undefined) instrument.record?.(given, labels);
    else instrument.add(given, labels);
    this.model?.measured(target.definition, given, labels);
  }

  private addCallback({ instruments, isBatch, isAsync, runs }: Extract<Step, { type: 'callback' }>): void {
    const observables = this.created.filter(({ definition }) => definition.kind.startsWith('observable'));
    if (observables.length === 0) return;
    const chosen = [...new Set(instruments.map((index) => observables[index % observables.length]!))];
    const single = chosen[0]!;
    const targets = isBatch ? chosen : [single];
    const owner = {};
    const run = (
      observe: (target: Created, value: number, attributes: Attributes) => void,
    ): void | Promise<void> => {
      const values = runs[this.collections % runs.length];
      if (values === undefined) {
        this.model?.failed(owner);
        throw new Error('no value');
      }
      const observations = values.map((each) => ({ ...each, target: targets[each.which % targets.length]! }));
      for (const { target, value: number, attributes: labels } of observations)
        observe(target, number, labels);
      this.model?.observed(
        owner,
        observations.map(({ target, ...rest }) => ({ ...rest, ...target })),
      );
      return isAsync ? Promise.resolve() : undefined;
    };
    const meter = this.meterOf(single.definition.scope);
    if (isBatch) {
      // The SDK knows the observables of one meter only by their class, as this library does.
      const list = targets.map(({ instrument }) => instrument as Observable);
      const callback = (result: {
        observe(metric: Observable, value: number, attributes?: Attributes): void;
      }) => run((target, number, labels) => result.observe(target.instrument as Observable, number, labels));
      meter.addBatchObservableCallback(callback, list);
      this.callbacks.push({
        remove: () => {
          meter.removeBatchObservableCallback(callback, list);
          this.model?.removed(owner);
        },
      });
      return;
    }
    const observable = single.instrument as Observable;
    const callback = (result: ObservableResult) => run((_, number, labels) => result.observe(number, labels));
    observable.addCallback(callback);
    this.callbacks.push({
      remove: () => {
        observable.removeCallback(callback);
        this.model?.removed(owner);
      },
    });
  }
}

interface ModelObservation extends Created {
  readonly value: number;
  readonly attributes: Attributes;
}

/** What the specification says, where the SDK says something else or nothing. */
class Model {
  /** The latest value of each series of a gauge. */
  readonly latest = new Map<string, number>();
  readonly descriptions = new Map<string, string>();
  /** The callbacks of each series of an observable. */
  private readonly owners = new Map<string, { readonly owners: Set<object>; readonly isGauge: boolean }>();
  /** The values that callbacks have observed for each series, in the last collection in which one did. */
  private readonly candidates = new Map<
    string,
    { readonly collection: number; readonly values: Map<object, number> }
  >();
  private collection = 0;

  beginCollection(): void {
    this.collection++;
  }

  describe({ kind, description }: Definition): void {
    const name = exposedName(kind);
    if (description.length > (this.descriptions.get(name) ?? '').length)
      this.descriptions.set(name, description);
  }

  measured(definition: Definition, given: number, labels: Attributes): void {
    if (definition.kind !== 'gauge') return;
    this.latest.set(seriesOf(definition, labels), wholeOf(definition, given));
  }

  observed(owner: object, observations: readonly ModelObservation[]): void {
    this.removed(owner);
    for (const { definition, value: given, attributes: labels } of observations) {
      const key = seriesOf(definition, labels);
      const isGauge = definition.kind !== 'observableCounter';
      const series = this.owners.get(key) ?? { owners: new Set(), isGauge };
      this.owners.set(key, { isGauge, owners: series.owners.add(owner) });
      const { collection } = this;
      const before = this.candidates.get(key);
      const values = before?.collection === collection ? before.values : new Map<object, number>();
      this.candidates.set(key, { collection, values: values.set(owner, wholeOf(definition, given)) });
    }
  }

  failed(owner: object): void {
    this.removed(owner, true);
  }

  removed(owner: object, onlyGauges = false): void {
    for (const [key, { owners, isGauge }] of this.owners) {
      if ((isGauge || !onlyGauges) && owners.delete(owner) && owners.size === 0) this.owners.delete(key);
    }
  }

  isObserved(key: string): boolean {
    return this.owners.has(key);
  }

  /** Returns true if the value is one that a callback has observed for the series when one did last. */
  isCandidate(key: string, number: number | undefined): boolean {
    return [...(this.candidates.get(key)?.values.values() ?? [])].some((candidate) => candidate === number);
  }
}

function wholeOf({ scope }: Definition, given: number): number {
  return scope % 2 === 0 ? Math.trunc(given) : given;
}

function exposedName(kind: Kind): string {
  const plain = NAMES[kind].replaceAll(/[^a-zA-Z0-9_]/g, '_').replaceAll(/_+/g, '_');
  return kind.toLowerCase().endsWith('counter') &&
    !kind.toLowerCase().includes('updown') &&
    !plain.endsWith('_total')
    ? `${plain}_total`
    : plain;
}

/** The name and labels of a series, made without the library. */
function seriesOf({ scope, kind }: Definition, given: Attributes): string {
  const [name, version = '', schema = ''] = SCOPES[scope]!;
  const labels = Object.entries(given).map(([key, text]): [string, string] => [
    key.replaceAll(/[^a-zA-Z0-9_]/g, '_').replaceAll(/_+/g, '_'),
    text === undefined || text === null ? '' : typeof text === 'string' ? text : JSON.stringify(text),
  ]);
  labels.push(['otel_scope_name', name], ['otel_scope_version', version], ['otel_scope_schema_url', schema]);
  return `${exposedName(kind)} ${canonicalLabels(labels)}`;
}

/** Labels in an order of their own: without empty ones, joined where a name occurs twice. */
function canonicalLabels(labels: readonly (readonly [string, string])[]): string {
  const byName = new Map<string, string[]>();
  for (const [name, text] of labels) {
    if (text === '' || text === 'null') continue;
    const safe = /^\d/.test(name) ? `key_${name}` : name;
    const values = safe === 'le' ? [String(text === '+Inf' ? Infinity : Number(text))] : text.split(';');
    byName.set(safe, [...(byName.get(safe) ?? []), ...values]);
  }
  return JSON.stringify(
    [...byName]
      .map(([name, values]) => [name, values.toSorted().join(';')])
      .toSorted(([a], [b]) => (a! < b! ? -1 : 1)),
  );
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?/gy;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/** Reads an exposition that need not be valid, as that of the SDK is not always. */
function parsed(text: string): Exposition {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, keyword, metric, rest = ''] = /^# (\w+) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword === 'TYPE') types.set(metric!, rest);
    if (keyword === 'HELP') helps.set(metric!, rest);
    if (line === '' || line.startsWith('#')) continue;
    const [, name, labels = '', number] = LINE.exec(line) ?? [];
    if (name === undefined) throw new Error(`not a sample: ${line}`);
    const pairs = Array.from(labels.matchAll(LABEL), ([, label, escaped]): [string, string] => [
      label!,
      escaped!.replaceAll(/\\(.)/g, (_, character: string) => ESCAPES[character] ?? ''),
    ]);
    samples.push({ name, labels: canonicalLabels(pairs), value: Number(number) });
  }
  return { samples, types, helps };
}

function withoutOwn({ samples, types, helps }: Exposition): Exposition {
  return { samples: samples.filter(({ name }) => !name.startsWith('monitoring_')), types, helps };
}

function differenceOf(model: Model, theirs: Exposition, ours: Exposition): string | undefined {
  const expected = merged(model, theirs.samples);
  const got = new Map(ours.samples.map(({ name, labels, value: number }) => [`${name} ${labels}`, number]));
  if (got.size !== ours.samples.length) return 'a series is exposed twice';
  for (const [key, number] of expected) {
    if (got.get(key) !== number && !model.isCandidate(key, got.get(key)))
      return `${key} is ${got.get(key)} instead of ${number}`;
  }
  for (const key of got.keys()) if (!expected.has(key)) return `${key} is exposed, but not by the SDK`;
  const names = new Set([...expected.keys()].map((key) => key.split(' ')[0]!));
  for (const [name, type] of theirs.types) {
    const isExposed = names.has(name) || names.has(`${name}_count`);
    if (name === 'target_info' || !isExposed) continue;
    if (ours.types.get(name) !== type) return `${name} is a ${ours.types.get(name)} instead of a ${type}`;
    const help = helpOf(model.descriptions.get(name) ?? '');
    if ((ours.helps.get(name) ?? '') !== help)
      return `the help of ${name} is ${ours.helps.get(name)} instead of ${help}`;
  }
  return undefined;
}

function helpOf(description: string): string {
  return description.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** The samples of the SDK with the allowed differences. */
function merged(model: Model, samples: readonly Sample[]): Map<string, number> {
  const all = new Map<string, number>();
  const observables = new Set(KINDS.filter((kind) => kind.startsWith('observable')).map(exposedName));
  const gauge = exposedName('gauge');
  for (const { name, labels, value: number } of samples) {
    if (name === 'target_info') continue;
    const key = `${name} ${labels}`;
    if (observables.has(name)) {
      if (model.isObserved(key)) all.set(key, number);
    } else if (name === gauge && all.has(key)) all.set(key, model.latest.get(key) ?? NaN);
    else all.set(key, (all.get(key) ?? 0) + number);
  }
  return all;
}
