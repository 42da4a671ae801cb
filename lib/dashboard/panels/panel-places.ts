import type { FoundPanel } from './dashboard-panel.explorer.js';
import type { DashboardArea } from './dashboard-panel.js';

/** The pages and areas that have panels of the application. */
export interface PanelPlaces {
  readonly pages: readonly { readonly title: string; readonly panels: number }[];
  /** Number of panels by area. */
  readonly areas: Readonly<Partial<Record<DashboardArea, number>>>;
  /** Number of panels beyond the limits, which are not shown. */
  readonly omitted: number;
}

/** Returns the places of panels, without calling any. */
export function panelPlaces(explorer: {
  find(): readonly FoundPanel[];
  readonly omitted: number;
}): PanelPlaces {
  const pages = new Map<string, number>();
  const areas = new Map<DashboardArea, number>();
  for (const { place } of explorer.find()) {
    if ('area' in place) areas.set(place.area, (areas.get(place.area) ?? 0) + 1);
    else pages.set(place.page, (pages.get(place.page) ?? 0) + 1);
  }
  return {
    pages: [...pages].map(([title, panels]) => ({ title, panels })),
    areas: Object.fromEntries(areas),
    omitted: explorer.omitted,
  };
}
