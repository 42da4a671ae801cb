const SAMPLE = /^http_requests_total\{([^}]*)\} (\d+)/;
/** What the load script gives up now and then, and what it is if the answer crosses with that. */
const GIVEN_UP = 'GET /api/reports/revenue 499';
const ANSWERED = 'GET /api/reports/revenue 200';

/** The requests that an exposition tells of, by method, route and status. */
export function requestTotals(exposition) {
  const totals = {};
  for (const line of exposition.split('\n')) {
    const [, labels, count] = SAMPLE.exec(line) ?? [];
    if (labels === undefined) continue;
    const valueOf = (name) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1];
    totals[`${valueOf('method')} ${valueOf('route')} ${valueOf('status_code')}`] = Number(count);
  }
  return totals;
}

/** The requests that the load script has sent, in the same form. */
export function sentTotals({ requests }) {
  return Object.fromEntries(
    requests.map(({ method, route, statusCode, count }) => [`${method} ${route} ${statusCode}`, count]),
  );
}

/** Where the two differ, as `key: sent, counted`. */
export function differences(sent, counted) {
  const [left, right] = [joined(sent), joined(counted)];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])]
    .filter((key) => left[key] !== right[key])
    .map((key) => `${key}: ${left[key] ?? 0} sent, ${right[key] ?? 0} counted`);
}

/** That a client gave up and that it was answered may cross; together they are the same. */
function joined({ [GIVEN_UP]: givenUp = 0, [ANSWERED]: answered = 0, ...others }) {
  return { ...others, [`${ANSWERED} or 499`]: givenUp + answered };
}
