import { incidentReport } from '../incident.js';
import { readNow } from '../now/now-data.js';
import type { VerdictCause } from '../now/verdict-facts.js';
import { ruleOf, tryRule } from '../rule-trial.js';
import { rangeKey } from '../views/time-range.js';
import { type AreaQueries, done, MAX_AGE_MS, type QueryContext, tagsOf } from './query-context.js';

/** Returns the queries about the present: the overview, an incident, alerts and their rules. */
export function nowQueries({
  sources,
  cache,
  fleet,
  rangeOf,
  thresholdsOf,
}: QueryContext): AreaQueries<'overview' | 'now' | 'incident' | 'rule' | 'alerts'> {
  const { feed, history, alerts, records, hasAuth } = sources;
  const causes = () => records.causes() as readonly VerdictCause[];
  return {
    overview: () => feed.current(),
    now: (query) => {
      const range = rangeOf(query);
      const ofProcess = () =>
        cache.get(JSON.stringify(['now', rangeKey(range)]), () => readNow(history, range));
      return fleet?.now(query, range, { causes, thresholdsOf }, ofProcess) ?? ofProcess();
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
