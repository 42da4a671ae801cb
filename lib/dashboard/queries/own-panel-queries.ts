import { PanelQueries } from '../panels/panel-queries.js';
import { type AreaQueries, known, type QueryContext } from './query-context.js';

/** Returns the queries about the panels of the application, and the one that runs an action of them. */
export function ownPanelQueries({
  sources: { history, hasAuth },
  cache,
  rangeOf,
  views,
  ownPanels,
  actions,
}: QueryContext): AreaQueries<'panels' | 'panels/action'> {
  const queries = ownPanels && new PanelQueries(ownPanels, history, views, cache, hasAuth);
  const NONE = 'There are no panels.';
  return {
    panels: (query) => known(queries, NONE).read(query, rangeOf(query)),
    'panels/action': (body) => known(actions, NONE).runOf(known(ownPanels, NONE), body),
  };
}
