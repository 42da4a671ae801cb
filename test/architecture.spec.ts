import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const LIB = resolve(import.meta.dirname, '../lib');

/** The room that puts the others together. */
const MODULE = 'module';

/** The files of lib/ itself: the doors. */
const FRONT = '';

/** What users import. */
const DOORS = [
  'index.ts',
  'metrics.ts',
  'exporters.ts',
  'alerting.ts',
  'health.ts',
  'grafana.ts',
  'diagnostics.ts',
  'dashboard.ts',
  'testing.ts',
];

/** Rooms that every other one may import. */
const COMMON = ['primitives', 'options'];

/** Which rooms the files of a room may import beside those; a room may always import itself. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  primitives: [],
  options: ['primitives'],
  metrics: [],
  http: [],
  instrumentation: ['metrics', 'integrations'],
  integrations: ['metrics'],
  collectors: ['metrics', 'integrations', 'query'],
  business: ['metrics', 'collectors'],
  cluster: ['metrics'],
  history: ['metrics'],
  query: ['metrics', 'history'],
  exporters: ['metrics', 'http'],
  health: ['metrics', 'integrations', 'http'],
  alerting: ['metrics', 'history', 'query', 'http'],
  dashboard: ['metrics', 'query', 'health', 'alerting', 'diagnostics', 'http'],
  diagnostics: ['metrics', 'integrations', 'instrumentation'],
  schematics: [],
  // Its module is that of the application, with a registry of the test in it.
  testing: ['metrics', 'history', 'query', 'alerting', 'instrumentation', MODULE],
};

/** Files with a role in Nest, by the end of their name; no other file knows Nest. */
const NEST_ROLES =
  /(\.(module|providers|controllers|lifecycle|instrumentation|integration|router|authorizer|controller|interceptor|decorator|explorer)|-execution-context)\.ts$/;

interface SourceFile {
  readonly path: string;
  readonly imports: readonly string[];
  /** Files that it loads when they are needed. */
  readonly lazyImports: readonly string[];
  readonly hasDefaultExport: boolean;
}

const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map(readSource);

function readSource(path: string): SourceFile {
  const text = readFileSync(join(LIB, path), 'utf8');
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const imports = source.statements
    .filter((statement) => ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))
    .flatMap(({ moduleSpecifier }) =>
      moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? [moduleSpecifier.text] : [],
    );
  const lazyImports = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map(([, specifier]) => specifier!);
  return { path, imports, lazyImports, hasDefaultExport: /^export default\b/m.test(text) };
}

/** The files of lib/ that a file imports, relative to lib/. */
function importedFiles({ path, imports }: Pick<SourceFile, 'path' | 'imports'>): string[] {
  return imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(LIB, resolve(LIB, dirname(path), specifier)).replace(/\.js$/, '.ts'));
}

function roomOf(path: string): string {
  return path.includes('/') ? path.split('/')[0]! : FRONT;
}

function imported(from: string): readonly string[] {
  const file = files.find(({ path }) => path === from);
  return file === undefined ? [] : importedFiles(file);
}

function mayImport(room: string, target: string): boolean {
  // What knows no metrics knows mechanisms at most, and so does the heart.
  if (room === 'primitives') return false;
  if (room === 'options' || room === 'metrics') return target === 'primitives';
  return COMMON.includes(target) || (ROOMS[room]?.includes(target) ?? false);
}

/** Rooms as CONTRIBUTING.md calls them. */
function namesOf(rooms: readonly string[]): string {
  return rooms.map((room) => (room === FRONT ? 'the top level' : room)).join(', ') || 'nothing';
}

/** Every file that a file loads, directly or not. */
function reachedFrom(start: string): Set<string> {
  const reached = new Set([start]);
  // A set that grows is gone through to its end.
  for (const path of reached) for (const next of imported(path)) reached.add(next);
  return reached;
}

/** The first way found from a file back to itself. */
function cycleThrough(start: string): readonly string[] | undefined {
  const seen = new Set<string>();
  const open: string[][] = [[start]];
  for (let way = open.pop(); way !== undefined; way = open.pop()) {
    for (const next of imported(way.at(-1) ?? start)) {
      if (next === start) return [...way, start];
      if (!seen.has(next)) {
        seen.add(next);
        open.push([...way, next]);
      }
    }
  }
  return undefined;
}

describe('the rooms of lib/', () => {
  it('are the ones that are described here', () => {
    const rooms = new Set(files.map(({ path }) => roomOf(path)));
    expect([...rooms].filter((room) => !(room in ROOMS) && room !== MODULE && room !== FRONT)).toEqual([]);
  });

  it('import only the rooms that they may', () => {
    const offences = files.flatMap((file) => {
      const room = roomOf(file.path);
      if (room === FRONT || room === MODULE) return [];
      return importedFiles({ ...file, imports: [...file.imports, ...file.lazyImports] })
        .filter((target) => roomOf(target) !== room && !mayImport(room, roomOf(target)))
        .map((target) => `${file.path} imports ${target}`);
    });
    expect(offences).toEqual([]);
  });

  it('leave metrics/ without any dependency', () => {
    const offences = files
      .filter(({ path }) => roomOf(path) === 'metrics')
      .flatMap(({ path, imports }) =>
        imports.filter((name) => !name.startsWith('.')).map((name) => [path, name]),
      );
    expect(offences).toEqual([]);
  });
});

describe('the map in CONTRIBUTING.md', () => {
  it('has every room, with what it may import', () => {
    const text = readFileSync(join(LIB, '../CONTRIBUTING.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `(\w+)\/` +\|[^|]+\| ([^|]+?) +\|$/gm)];
    const described = Object.fromEntries(rows.map(([, room, imports]) => [room, imports]));
    expect(described).toEqual(
      Object.fromEntries(Object.entries(ROOMS).map(([room, rooms]) => [room, namesOf(rooms)])),
    );
  });
});

describe('a primitive', () => {
  /** The rooms that import a file, directly or through other primitives. */
  function roomsOf(path: string, seen = new Set<string>()): Set<string> {
    const rooms = new Set<string>();
    for (const file of files.filter((each) => !seen.has(each.path) && importedFiles(each).includes(path))) {
      seen.add(file.path);
      const room = roomOf(file.path);
      if (room === 'primitives') roomsOf(file.path, seen).forEach((each) => rooms.add(each));
      else rooms.add(room);
    }
    return rooms;
  }

  /** Parts of a mechanism that is used by several rooms as a whole: the end of a call, and patches of methods. */
  const PARTS = [
    'call-outcome',
    'follow-iterator',
    'follow-observable',
    'overriding-proxy',
    'shared-method-patch',
    'track-completion',
  ];

  it('is used by at least two rooms; what one room uses belongs there', () => {
    const alone = files
      .filter(({ path }) => roomOf(path) === 'primitives')
      .filter(({ path }) => !PARTS.some((part) => path === `primitives/${part}.ts`))
      .filter(({ path }) => roomsOf(path).size < 2)
      .map(({ path }) => `${path}: ${[...roomsOf(path)].join()}`);
    expect(alone).toEqual([]);
  });
});

describe('the files of lib/', () => {
  it('import each other without a cycle, types included', () => {
    expect(files.map(({ path }) => cycleThrough(path)).find((cycle) => cycle !== undefined)).toBeUndefined();
  });

  it('have doors that nothing else goes through, and no room has an index of its own', () => {
    const throughDoors = files.filter((file) => importedFiles(file).some((path) => DOORS.includes(path)));
    expect(throughDoors).toEqual([]);
    expect(files.map(({ path }) => path).filter((path) => path.endsWith('/index.ts'))).toEqual([]);
  });

  it('leave what is for tests out of what an application loads', () => {
    const reached = reachedFrom('index.ts');
    expect(reached.size).toBeGreaterThan(100);
    expect([...reached].filter((path) => path.startsWith('testing'))).toEqual([]);
  });

  it('depend on no package where a library or a script without Nest imports them', () => {
    const reached = reachedFrom('metrics.ts');
    const packages = files
      .filter(({ path }) => reached.has(path))
      .flatMap(({ imports }) => imports.filter((name) => !/^(?:\.|node:)/.test(name)));
    expect(reached.size).toBeGreaterThan(20);
    expect(packages).toEqual([]);
  });

  it('know Nest only where they have a role in it', () => {
    const knowing = files.filter(({ imports }) => imports.some((name) => name.startsWith('@nestjs/')));
    expect(knowing.map(({ path }) => path).filter((path) => !NEST_ROLES.test(path))).toEqual([]);
  });

  it('have different names, so that one is found by its own', () => {
    const names = files.filter(({ path }) => roomOf(path) !== FRONT).map(({ path }) => basename(path));
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it('are not kept in drawers', () => {
    const drawers = /(^|\/)(utils?|common|types|interfaces|helpers|shared|misc)(\/|\.ts$)/;
    expect(files.map(({ path }) => path).filter((path) => drawers.test(path))).toEqual([]);
  });

  it('ask where they are only to find the files of the page and the packages of the application', () => {
    const asks = /import\.meta(?:\.| as )/;
    const asking = files.filter(({ path }) => asks.test(readFileSync(join(LIB, path), 'utf8')));
    expect(asking.map(({ path }) => path).toSorted()).toEqual([
      'dashboard/page-files.ts',
      'primitives/optional-package.ts',
    ]);
  });

  it('let go of timers by unref(), since those of a test may be numbers', () => {
    const ofTimer = /\btimer\.unref\(|\bset(?:Timeout|Interval|Immediate)\([^;]*?\)\.unref\(/;
    const direct = files.filter(({ path }) => ofTimer.test(readFileSync(join(LIB, path), 'utf8')));
    expect(direct.map(({ path }) => path)).toEqual([]);
  });

  it('export by name', () => {
    expect(files.filter(({ hasDefaultExport }) => hasDefaultExport)).toEqual([]);
  });
});

/** The files that put something into the calls of others by themselves, each for a reason of its own. */
const WITHOUT_PRIMITIVE: Readonly<Record<string, string>> = {
  'dashboard/now/timeline.ts: .subscribe()': 'listens to the alerts of this library',
  'cluster/message-stream.ts: .on()': 'listens to a socket of its own',
  'cluster/rendezvous-socket.ts: .on()': 'listens to a socket of its own',
  'collectors/running-collectors.ts: a method in place of another': 'sets a field of its own record',
  'collectors/runtime/worker-threads.collector.ts: subscribe()': 'has the guard around all it does',
  'collectors/runtime/worker-threads.collector.ts: .once()': 'removes one element of a set',
  'diagnostics/profiles/profiles.lifecycle.ts: .on()':
    'listens to a signal by option, unless the application does, and catches whatever fails',
  'diagnostics/flight-recorder/end-signals.ts: .prependListener()':
    'listens to a signal by option, and ends the process as the signal would',
  'exporters/cloudwatch/bounded-response.ts: .on()': 'keeps an error of a body that is read no further',
  'exporters/datadog/datadog-client.transport.ts: a method in place of another':
    'sets the fetch of a configuration of its own',
  'exporters/late-class.ts: .defineProperty()': 'names a class of its own',
  'integrations/pg/pg.own-connection.ts: .on()': 'listens to a connection of its own',
  'health/checks/network.checks.ts: .once()': 'listens to a socket of its own',
  'health/health.lifecycle.ts: a method in place of another':
    'waits for the drain where Nest offers a hook, which nothing else has',
  'health/open-connections.ts: .once()': 'removes one element of a set',
  'health/termination-signals.ts: .prependListener()':
    'listens to a signal only while a drain is due, and ends the process as the signal would',
  'http/event-stream.ts: .on()': 'listens to the responses of its own endpoint',
  'http/monitoring.server.ts: .on()': 'listens to a server of its own',
  'http/response-watch.ts: a method in place of another':
    'sets one flag, in a response of an endpoint of monitoring',
  'instrumentation/graphql/mercurius-hook.ts: .addHook()': 'has the guard around all it does',
  'instrumentation/http/http.instrumentation.ts: .addHook()': 'calls nothing but what has a try of its own',
  'instrumentation/outgoing-http/outgoing-http.instrumentation.ts: subscribe()':
    'has a try around each listener',
  'instrumentation/requests/call-sites.ts: a method in place of another':
    'reads the files that run from one stack trace, and puts back what prepared them before it returns',
  'metrics/timer.ts: .defineProperties()': 'gives its own function the name and length of a timed one',
  'integrations/winston/winston.watch.ts: .defineProperty()':
    'gives a logger back the property for its limit of listeners, as it was',
  'integrations/prisma/prisma.watch.ts: .$on()':
    'gives the listener of listenTo() to the only method that a client of Prisma has for that',
  'integrations/pg/pg.pool-client.ts: .on()':
    'listens for errors of a client that is ours meanwhile, since one that nobody listens for ends the process',
  'instrumentation/decorators/measured-method.ts: .defineProperty()': 'keeps its own record on the class',
  'instrumentation/decorators/monitor-performance.decorator.ts: .defineProperty()':
    'decorates the methods of the class that it stands on, as the application asks for',
  'instrumentation/decorators/registry-injection.decorator.ts: .defineProperty()':
    'declares the property by which Nest injects the registry',
  'diagnostics/blocked-loop/stack-trace-question.ts: .defineProperty()':
    'a symbol of this library on the global object, which only the inspector reads',
  'diagnostics/blocked-loop/loop-watch.ts: .on()':
    'listens to its own thread, and lets it disconnect as the process exits',
  'exporters/embedded-metrics/line-writer.ts: .on()':
    'does nothing, and is there only during a write of its own, whose error would end the process',
  'instrumentation/http/request.recorder.ts: .on()':
    'has one listener for all requests, with a try of its own',
  'instrumentation/http/request.recorder.ts: .prependListener()':
    'has one listener for all requests, with a try of its own',
  'instrumentation/http/request-observation.ts: .once()': 'calls nothing but what has a try of its own',
  'instrumentation/http/request-observation.ts: .prependOnceListener()': 'reads and writes one field',
  'instrumentation/messages/rpc.instrumentation.ts: .subscribe()':
    'observes an Observable, with the guard around all it does',
  'instrumentation/messages/rpc.instrumentation.ts: .defineProperty()':
    'gives its own stand-in for a handler the property by which Nest chains handlers',
  'module/before-exit.ts: .on()': 'rejects promises of its own, and does nothing else',
};

const LISTENING = /^(on|once|\$on|addListener|prependListener|prependOnceListener|subscribe|addHook)$/;
const DEFINING = /^definePropert(y|ies)$/;

/** The ways in which a file puts something of its own into objects of others. */
function intrusionsOf(path: string, text: string): string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const name = node.expression.name.text;
      if (LISTENING.test(name) || DEFINING.test(name)) found.add(`.${name}()`);
    }
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      // Of a diagnostics channel, whose subscribers end the process by what they throw.
      const isSubscription = ['subscribe', 'subscribeToChannel'].includes(node.expression.text);
      if (isSubscription && node.arguments.length > 0) found.add('subscribe()');
    }
    if (ts.isNewExpression(node) && node.expression.getText() === 'Proxy') found.add('new Proxy()');
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
      const isProperty = ts.isPropertyAccessExpression(node.left) || ts.isElementAccessExpression(node.left);
      const isFunction = ts.isFunctionExpression(node.right) || ts.isArrowFunction(node.right);
      if (isProperty && isFunction && !isOwn(node.left)) found.add('a method in place of another');
    }
    ts.forEachChild(node, visit);
  };
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  visit(source);
  return [...found].map((way) => `${path}: ${way}`);
}

/** Returns whether a property is one of `this`. */
function isOwn(expression: ts.Expression): boolean {
  if (ts.isPropertyAccessExpression(expression) || ts.isElementAccessExpression(expression)) {
    return isOwn(expression.expression);
  }
  return expression.kind === ts.SyntaxKind.ThisKeyword;
}

describe('what is put into the calls and objects of an application', () => {
  const intrusions = files
    .filter(({ path }) => roomOf(path) !== 'primitives')
    .flatMap(({ path }) => intrusionsOf(path, readFileSync(join(LIB, path), 'utf8')));

  it('goes through the primitives, which let nothing of ours out', () => {
    const offences = intrusions.filter((each) => !Object.hasOwn(WITHOUT_PRIMITIVE, each));
    expect(offences).toEqual([]);
  });

  it('does not have more exceptions than there are', () => {
    expect(Object.keys(WITHOUT_PRIMITIVE).filter((each) => !intrusions.includes(each))).toEqual([]);
  });

  it.each([
    ["client.on('error', ignore)", '.on()'],
    ["emitter?.prependListener('end', end)", '.prependListener()'],
    ['observable.subscribe(observer)', '.subscribe()'],
    ["Object.defineProperty(client, 'query', {})", '.defineProperty()'],
    ["Reflect.defineProperty(client, 'query', {})", '.defineProperty()'],
    ['client.query = function () {}', 'a method in place of another'],
    ["client['query'] = () => 1", 'a method in place of another'],
    ['adapter.beforeClose = async () => undefined', 'a method in place of another'],
    ["fastify.addHook('onSend', hook)", '.addHook()'],
    ["subscribe('undici:request:create', listener)", 'subscribe()'],
    ["subscribeToChannel('undici:request:create', listener)", 'subscribe()'],
    ['new Proxy(client, {})', 'new Proxy()'],
  ])('is found: %s', (text, way) => {
    expect(intrusionsOf('a.ts', text)).toEqual([`a.ts: ${way}`]);
  });

  it.each([
    'this.close = () => 1',
    'this.parts.close = () => 1',
    'listenTo(client, "end", guard, end)',
    'subscribe()',
  ])('is not found: %s', (text) => {
    expect(intrusionsOf('a.ts', text)).toEqual([]);
  });
});
