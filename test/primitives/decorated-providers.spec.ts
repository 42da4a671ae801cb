import { describe, expect, it } from '@jest/globals';
import { decoratedProviders, missingMethodMessage } from '../../lib/primitives/decorated-providers.js';

class Mine {}
class Child extends Mine {}
class Other {}

const OPTIONS = new Map<Function, string>([
  [Mine, 'mine'],
  [Child, 'child'],
]);

/** A provider as Nest keeps it. */
function provider(metatype: unknown, instance: unknown, rest: object = {}) {
  return { metatype, instance, isTransient: false, isDependencyTreeStatic: () => true, ...rest };
}

function foundIn(providers: [unknown, ReturnType<typeof provider>][], controllers = new Map()) {
  const modules = [{ providers: new Map(providers), controllers }];
  return [...decoratedProviders(modules, (type) => OPTIONS.get(type))];
}

describe('the providers of decorated classes', () => {
  it.each<[string, unknown, unknown, unknown]>([
    ['a class', Mine, Mine, new Mine()],
    ['a value', 'TOKEN', null, new Mine()],
    ['a factory', 'TOKEN', () => new Mine(), new Mine()],
    ['a value under the class', Mine, null, { check: () => undefined }],
    ['another class under it', Mine, Other, new Other()],
  ])('are found as %s', (_, token, metatype, instance) => {
    expect(foundIn([[token, provider(metatype, instance)]])).toEqual([
      { options: 'mine', type: Mine, className: 'Mine', instance },
    ]);
  });

  it('are found among controllers', () => {
    const instance = new Mine();
    const controllers = new Map([[Mine, provider(Mine, instance)]]);
    expect(foundIn([], controllers).map((found) => found.instance)).toEqual([instance]);
  });

  it('have the options of the class of the instance, not of the token', () => {
    expect(foundIn([[Mine, provider(Child, new Child())]]).map(({ options }) => options)).toEqual(['child']);
  });

  it('have no instance if Nest creates one for each request or injection', () => {
    const perRequest = provider(Mine, Object.create(Mine.prototype), { isDependencyTreeStatic: () => false });
    const transient = provider(Mine, new Mine(), { isTransient: true });
    expect(
      foundIn([
        [Mine, perRequest],
        ['TRANSIENT', transient],
      ]).map(({ instance }) => instance),
    ).toEqual([undefined, undefined]);
  });

  it.each<[string, unknown, ReturnType<typeof provider>]>([
    ['an alias', 'ALIAS', provider(null, new Mine(), { isAlias: true })],
    ['another class', Other, provider(Other, new Other())],
    ['a factory that returned null', Mine, provider(() => null, null)],
    ['a string', 'TOKEN', provider(null, 'Mine')],
    ['an object without a prototype', 'TOKEN', provider(null, Object.create(null))],
  ])('are not %s', (_, token, wrapper) => {
    expect(foundIn([[token, wrapper]])).toEqual([]);
  });

  it('are found beside a proxy that cannot be read', () => {
    const fail = () => {
      throw new Error('not now');
    };
    const hostile = new Proxy({}, { get: fail, getPrototypeOf: fail });
    expect(
      foundIn([
        ['HOSTILE', provider(null, hostile)],
        [Mine, provider(Mine, new Mine())],
      ]),
    ).toHaveLength(1);
  });
});

describe('the error about a method that is missing', () => {
  const remedy = 'Add it.';

  it('names the class', () => {
    const [found] = foundIn([[Mine, provider(Mine, new Mine())]]);
    expect(missingMethodMessage('@Collects()', 'collect', found!, remedy)).toBe(
      'Mine has @Collects() but no method collect(). Add it.',
    );
  });

  it('names the class whose place a value takes', () => {
    const [found] = foundIn([[Mine, provider(null, {})]]);
    expect(missingMethodMessage('@Collects()', 'collect', found!, remedy)).toBe(
      'The value provided for Mine, which has @Collects(), has no method collect(). Add it.',
    );
  });
});
