import { incidentReport } from '../incident.js';
import { readNow } from '../now/now-data.js';
import { ruleOf, tryRule } from '../rule-trial.js';
import { rangeKey } from '../views/time-range.js';
import { type AreaQueries, done, MAX_AGE_MS, type QueryContext, tagsOf } from './query-context.js';

/** Returns the queries about the present: the overview, an incident, alerts and their rules. */
export function nowQueries({
  sources,
  cache,
  rangeOf,
}: QueryContext): AreaQueries<'overview' | 'now' | 'incident' | 'rule' | 'alerts'> {
  const { feed, history, alerts, hasAuth } = sources;
  return {
    overview: () => feed.current(),
    now: (query) => {
      const range = rangeOf(query);
      return cache.get(JSON.stringify(['now', rangeKey(range)]), () => readNow(history, range));
    },
    incident: (query) => {
      const range = rangeOf(query);
      const compute = async () => done(await incidentReport(sources, range));
      return cache.get(JSON.stringify(['incident', rangeKey(range)]), compute, MAX_AGE_MS);
    },
    rule: (query) => {
      const rule = ruleOf(query, tagsOf(query), (metric) => history.typeOf(metric));
      const compute = async () => done(await tryRule(rule, (each) => alerts.backTest(each)));
      return cache.get(JSON.stringify(['rule', rule]), compute);
    },
    alerts: () => ({
      alerts: alerts.alerts(),
      rules: alerts.rules(),
      silences: alerts.silences(),
      canSilence: hasAuth,
    }),
  };
}
