import { relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../..');
const DOORS = [
  'index',
  'metrics',
  'exporters',
  'alerting',
  'health',
  'grafana',
  'diagnostics',
  'dashboard',
  'testing',
].map((door) => `lib/${door}.ts`);

const program = ts.createProgram(
  DOORS.map((door) => resolve(ROOT, door)),
  ts.parseJsonConfigFileContent(
    ts.readConfigFile(resolve(ROOT, 'tsconfig.build.json'), (file) => ts.sys.readFile(file)).config,
    ts.sys,
    ROOT,
  ).options,
);
const checker = program.getTypeChecker();

/** What a door exports, and not what it exports it as. */
const exported = new Set(DOORS.flatMap(exportsOf));

function exportsOf(door: string): ts.Symbol[] {
  const source = program.getSourceFile(resolve(ROOT, door));
  const module = source && checker.getSymbolAtLocation(source);
  return module ? checker.getExportsOfModule(module).map(original).flatMap(withClass) : [];
}

/** An export, and the class behind one that is made by a function and has the type of that class. */
function withClass(symbol: ts.Symbol): ts.Symbol[] {
  if (!(symbol.flags & ts.SymbolFlags.TypeAlias) || !(symbol.flags & ts.SymbolFlags.Variable))
    return [symbol];
  return [symbol, checker.getDeclaredTypeOfSymbol(symbol).symbol];
}

function original(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function isDocumented(symbol: ts.Symbol): boolean {
  return symbol.getDocumentationComment(checker).length > 0 || symbol.getJsDocTags(checker).length > 0;
}

/** Whether a member is for whoever has the object: neither private nor internal. */
function isPublic(member: ts.Symbol): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return (member.declarations ?? []).every(
    (declaration) =>
      !(ts.getCombinedModifierFlags(declaration) & hidden) &&
      !ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal'),
  );
}

/** The methods and accessors of a class or an interface; what a property is, its name and type often say. */
function methodsOf(symbol: ts.Symbol): ts.Symbol[] {
  const kinds = ts.SymbolFlags.Method | ts.SymbolFlags.Accessor;
  const statics = symbol.flags & ts.SymbolFlags.Class ? [...(symbol.exports?.values() ?? [])] : [];
  return [...(symbol.members?.values() ?? []), ...statics].filter(
    (member) => member.flags & kinds && isPublic(member) && !member.name.startsWith('__'),
  );
}

/** The types that a declaration shows to whoever uses it: those of what is private or within a function it does not. */
function shownTypes(node: ts.Node): ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const visit = (child: ts.Node): void => {
    if (ts.isBlock(child) || ts.isDecorator(child)) return;
    if (isClassMember(child)) {
      const symbol = child.name && checker.getSymbolAtLocation(child.name);
      if (child.name?.kind === ts.SyntaxKind.PrivateIdentifier || (symbol && !isPublic(symbol))) return;
      if (ts.getJSDocTags(child).some(({ tagName }) => tagName.text === 'internal')) return;
    }
    if (ts.isTypeReferenceNode(child)) {
      const symbol = checker.getSymbolAtLocation(child.typeName);
      if (symbol) found.push(original(symbol));
    }
    ts.forEachChild(child, visit);
  };
  visit(node);
  return found;
}

function isClassMember(node: ts.Node): node is ts.ClassElement {
  return ts.isClassElement(node);
}

function isOurs(symbol: ts.Symbol): boolean {
  const [declaration] = symbol.declarations ?? [];
  if (declaration === undefined || symbol.flags & ts.SymbolFlags.TypeParameter) return false;
  return relative(ROOT, declaration.getSourceFile().fileName).startsWith('lib/');
}

describe('what is public', () => {
  it('has a docstring, and so has each of its methods', () => {
    const missing = [...exported].flatMap((symbol) => [
      ...(isDocumented(symbol) ? [] : [symbol.name]),
      ...methodsOf(symbol)
        .filter((method) => !isDocumented(method))
        .map((method) => `${symbol.name}.${method.name}`),
    ]);
    expect(exported.size).toBeGreaterThan(200);
    expect(missing).toEqual([]);
  });

  it('shows only types that are public, but for these', () => {
    const leaking = [...exported].flatMap((symbol) =>
      (symbol.declarations ?? [])
        .flatMap(shownTypes)
        .filter((shown) => isOurs(shown) && !exported.has(shown))
        .map((shown) => shown.name),
    );
    expect([...new Set(leaking)].toSorted()).toMatchInlineSnapshot(`
     [
       "AlertingMonitorOptions",
       "AnyAlertHandler",
       "BlockRecorder",
       "BridgedMeter",
       "ChannelStatus",
       "CheckingClass",
       "CollectorSchedule",
       "CompiledRule",
       "ControllerPaths",
       "Convention",
       "DistributionPoints",
       "ExponentialRows",
       "ExponentialSnapshots",
       "ExporterRecorder",
       "FamilyBase",
       "GivenOptions",
       "HistoryStore",
       "IndicatorStatus",
       "JsonMetricBase",
       "KnownMetrics",
       "LabelInput",
       "LogsInstrumentation",
       "Matcher",
       "MemoryObserver",
       "MetricDefinition",
       "MountedEndpoint",
       "OperationRecorder",
       "ProcessSources",
       "RangeSeries",
       "RangeStatistic",
       "RegisterTimer",
       "Respond",
       "RunningCollectors",
       "RuntimePart",
       "SeriesPoints",
       "StaticLabelInput",
       "SystemPart",
     ]
    `);
  });
});
