import {
  expectKeys,
  expectOption,
  intervalMsOf,
  MonitoringOptionsError,
} from '../../options/option-checks.js';
import type { DashboardArea, DashboardPanelMethod, DashboardPanelOptions } from './dashboard-panel.js';

/** A decorated method of a class, and its options. */
export interface DeclaredPanel {
  readonly method: PropertyKey;
  readonly options: DashboardPanelOptions;
}

const AREAS: readonly DashboardArea[] = ['now', 'routes', 'errors', 'dependencies', 'process', 'explore'];
const OPTIONS = ['title', 'area', 'page', 'order', 'timeoutMs'] as const;
const PANELS = Symbol.for('nestjs-monitoring.dashboardPanels');

/** Limits of the lengths of titles, in characters. */
const MAX_TITLE = 80;
const MAX_PAGE = 40;

/**
 * Shows what a method of a provider or a controller returns as a panel of the dashboard, in an area or on a page of its
 * own. The method is called while somebody looks, at most once for each sample of the history; it may be asynchronous, and
 * gets a signal that is aborted at the time limit. A method that fails costs only its own panel.
 *
 * @example
 * ```ts
 * @DashboardPanel({ title: 'Stock', page: 'Warehouse' })
 * async stock(): Promise<DashboardPanelContent> {
 *   return { figures: [{ title: 'Articles', value: await this.articles.count() }] };
 * }
 * ```
 *
 * @throws {MonitoringOptionsError} for invalid options, and on anything other than a method of an instance
 */
export function DashboardPanel(
  options: DashboardPanelOptions,
): <M extends DashboardPanelMethod>(
  target: object,
  key: PropertyKey,
  descriptor: TypedPropertyDescriptor<M>,
) => void {
  checkOptions(options);
  return (target, method, descriptor) => {
    expectMethod(target, method, descriptor);
    const owner = target.constructor;
    const own = (Reflect.getOwnMetadata(PANELS, owner) as readonly DeclaredPanel[] | undefined) ?? [];
    Reflect.defineMetadata(PANELS, [...own, { method, options }], owner);
  };
}

/** Returns the panels that a class and its ancestors declare. A method that a subclass declares again has its options. */
export function declaredPanels(target: unknown): DeclaredPanel[] {
  if (typeof target !== 'function' || !Reflect.hasMetadata(PANELS, target)) return [];
  const found = new Map<PropertyKey, DeclaredPanel>();
  for (
    let owner: unknown = target;
    typeof owner === 'function' && owner !== Function.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    const own = (Reflect.getOwnMetadata(PANELS, owner) as readonly DeclaredPanel[] | undefined) ?? [];
    for (const panel of own) if (!found.has(panel.method)) found.set(panel.method, panel);
  }
  return [...found.values()];
}

function optionName(key: keyof DashboardPanelOptions): string {
  return `${key} of @DashboardPanel()`;
}

function checkOptions(options: DashboardPanelOptions): void {
  expectKeys('the options of @DashboardPanel()', options, OPTIONS);
  const { title, area, page, order, timeoutMs } = options;
  const expectName = (key: 'title' | 'page', value: unknown, length: number): void => {
    const isName = typeof value === 'string' && value.trim() !== '' && value.length <= length;
    expectOption(optionName(key), value, `a non-empty string of at most ${length} characters`, isName);
  };
  expectName('title', title, MAX_TITLE);
  if (page !== undefined) expectName('page', page, MAX_PAGE);
  expectOption(
    optionName('area'),
    area,
    `one of ${AREAS.join(', ')}`,
    area === undefined || AREAS.includes(area),
  );
  if (area !== undefined && page !== undefined) {
    throw new MonitoringOptionsError(
      '`area` and `page` of @DashboardPanel() exclude each other. Remove one of them.',
    );
  }
  expectOption(optionName('order'), order, 'a finite number', order === undefined || Number.isFinite(order));
  if (timeoutMs !== undefined) intervalMsOf(optionName('timeoutMs'), timeoutMs, 1);
}

function expectMethod(
  target: object,
  method: PropertyKey,
  descriptor: { readonly value?: unknown } | undefined,
): void {
  if (typeof target === 'object' && typeof descriptor?.value === 'function') return;
  const place =
    typeof method === 'object'
      ? 'an ECMAScript decorator'
      : `${typeof target === 'function' ? 'the static member' : 'the member'} ${String(method)}`;
  throw new MonitoringOptionsError(
    `@DashboardPanel() must be on a method of an instance; got ${place}. Use it on methods only, and set experimentalDecorators in tsconfig.json.`,
  );
}
