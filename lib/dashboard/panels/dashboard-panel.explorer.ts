import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { decoratedProviders } from '../../primitives/decorated-providers.js';
import { freeName } from '../../primitives/free-name.js';
import { SafeLogger } from '../../primitives/safe-logger.js';
import { type DeclaredPanel, declaredPanels } from './dashboard-panel.decorator.js';
import type { DashboardArea } from './dashboard-panel.js';

/** The most panels of an application, and the most pages of its own. */
const MAX_PANELS = 100;
const MAX_PAGES = 12;
const DEFAULT_PAGE = 'Application';
const DEFAULT_TIMEOUT_MS = 2_000;
const OF_ANOTHER_SCOPE =
  'Not shown: its provider or one of its dependencies is request-scoped or transient. Give it the default scope.';

/** The place of a panel: an area, or a page of the application. */
export type PanelPlace = { readonly area: DashboardArea } | { readonly page: string };

/** A panel that was found in the application. */
export interface FoundPanel {
  /** `Class.method`, unique. */
  readonly id: string;
  readonly title: string;
  readonly place: PanelPlace;
  readonly order: number;
  readonly timeoutMs: number;
  /** Calls the method; undefined if the panel cannot be shown, for the reason in `refusal`. */
  readonly call?: (signal: AbortSignal) => unknown;
  readonly refusal?: string;
}

/** The discovery of the methods with `@DashboardPanel()`. It searches again when modules were loaded since. */
export class DashboardPanelExplorer {
  private readonly logger = new SafeLogger(new Logger('Monitoring'));
  private readonly known = new Set<unknown>();
  private readonly ids = new Set<string>();
  private readonly pages = new Set<string>();
  private readonly found: FoundPanel[] = [];
  private exploredModules = 0;
  private left = 0;

  constructor(private readonly modules: ModulesContainer) {}

  /** The number of panels beyond the limits, which are not shown. */
  get omitted(): number {
    return this.left;
  }

  /** Returns the panels in the order in which they are shown. */
  find(): readonly FoundPanel[] {
    if (this.modules.size !== this.exploredModules) {
      this.exploredModules = this.modules.size;
      this.explore();
      this.found.sort((a, b) => a.order - b.order);
    }
    return this.found;
  }

  private explore(): void {
    for (const provider of decoratedProviders(this.modules.values(), panelsOf)) {
      const { options: panels, className, type, instance } = provider;
      const key = instance ?? type;
      if (this.known.has(key)) continue;
      this.known.add(key);
      for (const panel of panels) {
        if (instance === undefined) this.refuse(className, panel);
        else this.add(className, panel, instance);
      }
    }
  }

  private refuse(className: string, panel: DeclaredPanel): void {
    const id = `${className}.${String(panel.method)}`;
    this.logger.warn(`${id} has @DashboardPanel() but is not called. ${OF_ANOTHER_SCOPE}`);
    this.addPanel(className, panel, { refusal: OF_ANOTHER_SCOPE });
  }

  private add(className: string, panel: DeclaredPanel, instance: object): void {
    const owner = instance as Readonly<Record<PropertyKey, ((signal: AbortSignal) => unknown) | undefined>>;
    this.addPanel(className, panel, { call: (signal) => owner[panel.method]?.(signal) });
  }

  private addPanel(
    className: string,
    { method, options }: DeclaredPanel,
    rest: Pick<FoundPanel, 'call' | 'refusal'>,
  ): void {
    const id = freeName(`${className}.${String(method)}`, (other) => this.ids.has(other));
    const { title, area, page = DEFAULT_PAGE, order = 0, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const isNewPage = area === undefined && !this.pages.has(page);
    if (this.found.length >= MAX_PANELS || (isNewPage && this.pages.size >= MAX_PAGES)) {
      this.left++;
      this.logger.warn(
        `The panel ${id} is not shown: the dashboard shows at most ${MAX_PANELS} panels on ${MAX_PAGES} pages.`,
      );
      return;
    }
    this.ids.add(id);
    if (isNewPage) this.pages.add(page);
    const place: PanelPlace = area === undefined ? { page } : { area };
    this.found.push({ id, title, place, order, timeoutMs, ...rest });
  }
}

function panelsOf(type: Function): readonly DeclaredPanel[] | undefined {
  const panels = declaredPanels(type);
  return panels.length === 0 ? undefined : panels;
}
