import { describe, expect, it } from '@jest/globals';

interface Address {
  readonly area: string;
  readonly items: readonly string[];
  readonly parameters: URLSearchParams;
}

const { addressOf, fragmentOf, hrefOf, instanceHref, keptParameters, operationHref, routeOf } = (await import(
  String(new URL('../../../lib/dashboard/page/address.js', import.meta.url))
)) as {
  readonly addressOf: (fragment: string) => Address;
  readonly fragmentOf: (address: Address) => string;
  readonly hrefOf: (area: string, ...items: readonly string[]) => string;
  readonly instanceHref: (instance: string, area: string, ...items: readonly string[]) => string;
  readonly keptParameters: (parameters: URLSearchParams) => URLSearchParams;
  readonly operationHref: (name: string) => string;
  readonly routeOf: (name: string) => { method: string; route: string } | undefined;
};

describe('the address of the dashboard', () => {
  it.each([
    ['', '#/now'],
    ['#/', '#/now'],
    ['/now/health?utc=1', '#/now/health?utc=1'],
    ['#/routes//GET/%2Fdeals%2F%3Aid/', '#/routes/GET/%2Fdeals%2F%3Aid'],
    ['#/explore/metrics/requests/method:GET', '#/explore/metrics/requests/method%3AGET'],
  ])('of %s is %s', (given, address) => {
    expect(fragmentOf(addressOf(given))).toBe(address);
    expect(fragmentOf(addressOf(address))).toBe(address);
  });

  it.each(['#/now/%E0%A4%A', '#/constructor', '#/__proto__/toString', '#//a//b', '#/routes/a%2Fb?range=%'])(
    'survives what nobody should send: %s',
    (fragment) => {
      const { area, items } = addressOf(fragment);
      expect([area, ...items].every((part) => typeof part === 'string' && part !== '')).toBe(true);
      expect(addressOf(fragmentOf(addressOf(fragment)))).toEqual(addressOf(fragment));
    },
  );

  it('of a link leads to the place with any names', () => {
    const hostile = 'GET /a%2F?b=c&instance=x#d é';
    expect(addressOf(hrefOf('routes', 'GET', hostile))).toMatchObject({
      area: 'routes',
      items: ['GET', hostile],
    });
    const { area, items, parameters } = addressOf(instanceHref(hostile, 'routes', hostile));
    expect([area, items, [...parameters]]).toEqual(['routes', [hostile], [['instance', hostile]]]);
  });

  it.each([
    ['GET /deals/:id', '#/routes/GET/%2Fdeals%2F%3Aid'],
    ['POST <unmatched>', '#/routes/POST/%3Cunmatched%3E'],
    ['M-SEARCH /devices', '#/routes/M-SEARCH/%2Fdevices'],
    ['GET /all deals', '#/routes/GET/%2Fall%20deals'],
    ['nightly_batch', '#/errors/operations'],
    ['GET "><img src=x>', '#/errors/operations'],
    ['query deals', '#/errors/operations'],
  ])('has a place for the records of %s', (name, place) => {
    expect(operationHref(name)).toBe(place);
    const { method, route } = routeOf(name) ?? {};
    expect(addressOf(place).items).toEqual(method === undefined ? ['operations'] : [method, route]);
  });

  it('keeps for another area what holds for all of them', () => {
    const { parameters } = addressOf(
      '#/routes?range=300000&sort.routes=-p95&utc=1&search=x&instance=web-2&kiosk=30',
    );
    expect(String(keptParameters(parameters))).toBe('range=300000&utc=1&instance=web-2&kiosk=30');
  });
});
