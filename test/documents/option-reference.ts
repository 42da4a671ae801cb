import { resolve } from 'node:path';
import ts from 'typescript';
import { ROOT } from './documents.js';

/** The options of one object, such as `health`, in the order of their interface. */
export interface OptionGroup {
  /** The path of the object from `forRoot()` on; empty for the outermost. */
  readonly path: string;
  /** The docstring of its type; empty if it has none. */
  readonly summary: string;
  readonly options: readonly OptionRow[];
  readonly properties: readonly ts.Symbol[];
}

interface OptionRow {
  readonly name: string;
  readonly description: string;
  /** Markdown; empty if the docstring names none. */
  readonly default: string;
}

/** Interfaces whose members are options, beside those that are called `…Options`. */
const FURTHER_GROUPS = /^(AuthFailureLimit|HealthGroups|Thresholds)$/;
/** Options that are not objects of options, though their types are called so. */
const LEAVES: ReadonlySet<string> = new Set(['checks', 'guard', 'tags', 'transport']);

/** Options that are given somewhere else than to `forRoot()`, by the name of their type. */
const FURTHER_TYPES = [
  'MonitorPerformanceOptions',
  'TrackMetricsOptions',
  'TrackErrorsOptions',
  'MonitorModelOperationOptions',
  'MetricsCollectorOptions',
  'MetricsContextOptions',
  'KpiOptions',
  'HealthCheckOptions',
  'HttpHealthCheckOptions',
  'TcpHealthCheckOptions',
  'MicroserviceHealthCheckOptions',
  'AlertHandlerOptions',
  'SlackAlertHandlerOptions',
  'EmailAlertHandlerOptions',
  'WebhookAlertHandlerOptions',
  'AlertmanagerHandlerOptions',
  'SilenceRequest',
  'BackTestOptions',
  'PrometheusRulesOptions',
  'DashboardPanelOptions',
  'GrafanaDashboardsOptions',
];

const DOORS = ['index', 'metrics', 'alerting', 'health', 'grafana', 'diagnostics', 'dashboard'].map((door) =>
  resolve(ROOT, `lib/${door}.ts`),
);

const program = ts.createProgram(DOORS, {
  ...ts.parseJsonConfigFileContent(
    ts.readConfigFile(resolve(ROOT, 'tsconfig.build.json'), (file) => ts.sys.readFile(file)).config,
    ts.sys,
    ROOT,
  ).options,
});
const checker = program.getTypeChecker();

/** Returns every option of `MonitoringModule.forRoot()`, by the object that it is in. */
export function optionGroups(): OptionGroup[] {
  const source = program.getSourceFile(resolve(ROOT, 'lib/module/monitoring.options.ts'));
  const declaration = source?.statements
    .filter(ts.isInterfaceDeclaration)
    .find(({ name }) => name.text === 'MonitoringOptions');
  if (declaration === undefined) throw new Error('MonitoringOptions is not where it was.');
  return groupsOf(checker.getTypeAtLocation(declaration), '');
}

/** An option that is an object of options, or a boolean instead. */
export interface SwitchedOption {
  readonly path: string;
  readonly takesTrue: boolean;
  readonly takesFalse: boolean;
}

/** Returns every option of `MonitoringModule.forRoot()` that is an object of options or a boolean. */
export function switchedOptions(): SwitchedOption[] {
  return optionGroups().flatMap(({ path: owner, properties }) =>
    properties.flatMap((property) => {
      const path = owner === '' ? property.name : `${owner}.${property.name}`;
      const type = checker.getTypeOfSymbol(property);
      const members = new Set((type.isUnion() ? type.types : [type]).map((one) => checker.typeToString(one)));
      const isSwitched = members.has('true') || members.has('false');
      if (!isSwitched || LEAVES.has(property.name) || optionsTypeOf(property) === undefined) return [];
      return [{ path, takesTrue: members.has('true'), takesFalse: members.has('false') }];
    }),
  );
}

/** Returns the options of decorators, checks and handlers, by the name of their type. */
function furtherOptionGroups(): OptionGroup[] {
  return FURTHER_TYPES.map((name) => {
    const type = exportedTypes.get(name);
    if (type === undefined) throw new Error(`No door exports ${name}.`);
    const properties = checker.getPropertiesOfType(type);
    return { path: name, summary: summaryOf(type), options: properties.map(rowOf), properties };
  });
}

/** An option that is one of a few texts, or a list of them. */
export interface ChoiceOption {
  readonly path: string;
  readonly description: string;
  readonly values: readonly string[];
}

/** Returns every option, also of the decorators, checks and handlers, whose values the compiler knows. */
export function choiceOptions(): ChoiceOption[] {
  return [...optionGroups(), ...furtherOptionGroups()].flatMap(({ path: owner, options, properties }) =>
    properties.flatMap((property, i) => {
      const values = literalsOf(checker.getTypeOfSymbol(property));
      const path = owner === '' ? property.name : `${owner}.${property.name}`;
      return values.length < 2 ? [] : [{ path, description: options[i]?.description ?? '', values }];
    }),
  );
}

function literalsOf(type: ts.Type): string[] {
  if (type.isUnion()) return type.types.flatMap(literalsOf);
  if (type.isStringLiteral()) return [type.value];
  return checker.isArrayType(type)
    ? checker.getTypeArguments(type as ts.TypeReference).flatMap(literalsOf)
    : [];
}

const exportedTypes = new Map(
  DOORS.flatMap((door) => {
    const source = program.getSourceFile(door);
    const module = source && checker.getSymbolAtLocation(source);
    const symbols = module ? checker.getExportsOfModule(module) : [];
    return symbols.map((symbol) => [symbol.name, checker.getDeclaredTypeOfSymbol(original(symbol))] as const);
  }),
);

function original(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function groupsOf(type: ts.Type, path: string): OptionGroup[] {
  const properties = checker.getPropertiesOfType(type);
  const own: OptionGroup = { path, summary: summaryOf(type), options: properties.map(rowOf), properties };
  const nested = properties.flatMap((property) => {
    if (LEAVES.has(property.name)) return [];
    const inner = optionsTypeOf(property);
    return inner === undefined
      ? []
      : groupsOf(inner, path === '' ? property.name : `${path}.${property.name}`);
  });
  return [own, ...nested];
}

/** The type of a property whose value may be an object of options. */
function optionsTypeOf(property: ts.Symbol): ts.Type | undefined {
  const type = checker.getTypeOfSymbol(property);
  const members = type.isUnion() ? type.types : [type];
  return members.find((member) => {
    const name = member.aliasSymbol?.name ?? member.symbol?.name ?? '';
    return (
      name.endsWith('Options') ||
      FURTHER_GROUPS.test(name) ||
      isPartialOfGroup(member) ||
      isIntersectionOfOptions(member)
    );
  });
}

function isPartialOfGroup(type: ts.Type): boolean {
  const [argument] = type.aliasSymbol?.name === 'Partial' ? (type.aliasTypeArguments ?? []) : [];
  return argument !== undefined && FURTHER_GROUPS.test(argument.symbol?.name ?? '');
}

/** Returns true for options with further ones, such as those of the check `memory`. */
function isIntersectionOfOptions(type: ts.Type): boolean {
  return type.isIntersection() && type.types.some((one) => checker.typeToString(one).endsWith('Options'));
}

/** Returns the docstring of a type, or of the type that a partial one is of. */
function summaryOf(type: ts.Type): string {
  const isPartial = type.aliasSymbol?.name === 'Partial';
  const symbol = isPartial ? type.aliasTypeArguments?.[0]?.symbol : (type.aliasSymbol ?? type.symbol);
  const text = oneLine(ts.displayPartsToString(symbol?.getDocumentationComment(checker)));
  return text.replaceAll(/\{@link ([^}]+)\}/g, '`$1`');
}

function rowOf(property: ts.Symbol): OptionRow {
  const text = oneLine(ts.displayPartsToString(property.getDocumentationComment(checker)));
  const given = property.getJsDocTags(checker).find(({ name }) => name === 'default');
  return {
    name: property.name,
    description: text,
    default: oneLine(ts.displayPartsToString(given?.text)),
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/**
 * Returns the tables of all options as Markdown: a list of them, and a section for each option that is an object.
 * Options that several objects have alike, such as those of every exporter that pushes, are in a section of their own.
 */
export function optionTables(): string {
  const groups = [...withSharedOptions(optionGroups()), ...furtherOptionGroups().map(withoutThoseOfAnyCheck)];
  const list = groups.map(({ path }) => `[${titleOf(path)}](#${anchorOf(titleOf(path))})`).join(' · ');
  const sections = groups.map(({ path, summary, options }) =>
    [
      `## ${titleOf(path)}`,
      '',
      ...(summary === '' ? [] : [summary, '']),
      '| option | meaning | default |',
      '| --- | --- | --- |',
      ...options.map(
        ({ name, description, default: value }) =>
          `| \`${name}\` | ${cellOf(description)} | ${cellOf(codeOf(name, value))} |`,
      ),
    ].join('\n'),
  );
  return [list, ...sections].join('\n\n');
}

/** Leaves out of the options of one kind of check those that every check has. */
function withoutThoseOfAnyCheck(group: OptionGroup, _: number, groups: readonly OptionGroup[]): OptionGroup {
  const base = groups.find(({ path }) => path === 'HealthCheckOptions');
  const isOfAny = (row: OptionRow): boolean => base?.options.some((other) => isSame(row, other)) === true;
  const own = group.options.filter((row) => !isOfAny(row));
  if (base === undefined || group === base || group.options.length - own.length < base.options.length)
    return group;
  return {
    ...group,
    summary: `${group.summary} Those of [HealthCheckOptions](#healthcheckoptions) are among them, too.`,
    options: own,
  };
}

/** Moves rows that more than two siblings share to a group of their own, behind the last of these siblings. */
function withSharedOptions(groups: readonly OptionGroup[]): OptionGroup[] {
  return groups.flatMap((group) => {
    const parent = parentOf(group.path);
    const family = groups.filter(({ path }) => parentOf(path) === parent);
    const isShared = (row: OptionRow): boolean =>
      family.filter(({ options }) => options.some((other) => isSame(row, other))).length > 2;
    const own = group.options.filter((row) => row.description !== '' && !isShared(row));
    const result = own.length === 0 ? [] : [{ ...group, options: own }];
    if (group !== family.at(-1)) return result;
    const shared = family
      .flatMap(({ options }) => options)
      .filter((row, index, rows) => isShared(row) && rows.findIndex((other) => isSame(row, other)) === index)
      .map((row) => ({ ...row, description: `${row.description}${ownersOf(row, family)}` }));
    return shared.length === 0
      ? result
      : [...result, { path: `${parent}.*`, summary: '', options: shared, properties: [] }];
  });
}

/** Returns a sentence about the siblings that have an option; an empty text if all of them do. */
function ownersOf(row: OptionRow, family: readonly OptionGroup[]): string {
  const owners = family.filter(({ options }) => options.some((other) => isSame(row, other)));
  if (owners.length === family.length) return '';
  return ` In ${owners.map(({ path }) => `\`${path.slice(path.lastIndexOf('.') + 1)}\``).join(', ')}.`;
}

function isSame(a: OptionRow, b: OptionRow): boolean {
  return a.name === b.name && a.description === b.description && a.default === b.default;
}

function parentOf(path: string): string {
  return path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : '';
}

function titleOf(path: string): string {
  return path === '' ? 'Top level' : path.replace('.*', ': options of several');
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 ]/g, '')
    .replaceAll(' ', '-');
}

/** A default that is a value is code; one that is a sentence stays as it is. */
function codeOf(name: string, value: string): string {
  if (/^[\d_]+$/.test(value)) return numberOf(name, Number(value.replaceAll('_', '')));
  return /^(['[{\d]|true$|false$|undefined$)/.test(value) && !value.includes('`') && !/[;,] /.test(value)
    ? `\`${value}\``
    : value;
}

const TIMES: readonly Unit[] = [
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];
const SIZES: readonly Unit[] = [
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
];
type Unit = readonly [size: number, name: string];

/** A number as code, and in the largest unit in which it is whole: 300000 milliseconds are 5 min. */
function numberOf(name: string, value: number): string {
  const units = name.endsWith('Ms') ? TIMES : /bytes$/i.test(name) ? SIZES : [];
  const unit = units.find(([size]) => value >= size && value % size === 0);
  return unit === undefined ? `\`${value}\`` : `\`${value}\` (${value / unit[0]} ${unit[1]})`;
}

function cellOf(text: string): string {
  return text.replaceAll('|', '\\|');
}
