import { describe, expect, it } from '@jest/globals';
import { DashboardPanel, type DashboardPanelOptions } from 'nestjs-monitoring/dashboard';
import { declaredPanels } from '../../../lib/dashboard/panels/dashboard-panel.decorator.js';

describe('@DashboardPanel()', () => {
  it('declares the methods of a class and of its ancestors, the nearest declaration of each', () => {
    class Base {
      @DashboardPanel({ title: 'Stock' })
      stock() {
        return {};
      }

      @DashboardPanel({ title: 'Orders', area: 'now' })
      orders() {
        return {};
      }
    }
    class Derived extends Base {
      @DashboardPanel({ title: 'Stock of today', page: 'Warehouse' })
      override stock() {
        return {};
      }
    }
    class Other {}
    const titlesOf = (target: unknown) =>
      declaredPanels(target).map(({ method, options }) => [method, options.title]);
    expect(titlesOf(Base)).toEqual([
      ['stock', 'Stock'],
      ['orders', 'Orders'],
    ]);
    expect(titlesOf(Derived)).toEqual([
      ['stock', 'Stock of today'],
      ['orders', 'Orders'],
    ]);
    expect(titlesOf(Other)).toEqual([]);
    expect(titlesOf(undefined)).toEqual([]);
  });

  it.each<[options: unknown, message: RegExp]>([
    [undefined, /must be an object/],
    [{}, /`title` of @DashboardPanel\(\) must be a non-empty string of at most 80 characters; got undefined/],
    [{ title: ' ' }, /`title`/],
    [{ title: 'x'.repeat(81) }, /`title`/],
    [{ title: 'a', page: 'x'.repeat(41) }, /`page`/],
    [
      { title: 'a', area: 'home' },
      /`area` .* must be one of now, routes, errors, dependencies, process, explore/,
    ],
    [{ title: 'a', area: 'now', page: 'Shop' }, /exclude each other\. Remove one of them/],
    [{ title: 'a', order: NaN }, /`order`/],
    [{ title: 'a', timeoutMs: 0 }, /`timeoutMs`/],
    [{ title: 'a', tile: 1 }, /Unknown key `tile`.*Did you mean `title`/],
  ])('rejects the options %j', (options, message) => {
    expect(() => DashboardPanel(options as DashboardPanelOptions)).toThrow(message);
  });

  it('rejects what is no method of an instance', () => {
    const decorate = DashboardPanel({ title: 'a' }) as unknown as (...place: unknown[]) => void;
    expect(() => decorate(class {}, undefined, undefined)).toThrow(/must be on a method of an instance/);
    expect(() => decorate(class {}, 'of', { value: () => ({}) })).toThrow(/the static member of/);
    expect(() => decorate({}, 'size', { get: () => 1 })).toThrow(/the member size/);
    expect(() => decorate(() => ({}), { kind: 'method' })).toThrow(/an ECMAScript decorator/);
  });
});
