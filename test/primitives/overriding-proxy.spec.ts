import { describe, expect, it } from '@jest/globals';
import { overridingProxy } from '../../lib/primitives/overriding-proxy.js';

class Account {
  #balance = 5;
  static readonly currency = 'EUR';

  get balance(): number {
    return this.#balance;
  }

  add(amount: number): this {
    this.#balance += amount;
    return this;
  }

  addTwice(amount: number): this {
    return this.add(amount).add(amount);
  }
}

describe('a proxy with methods replaced', () => {
  it('calls the replacement, and every other method on the object with its private fields', () => {
    const account = new Account();
    const proxy = overridingProxy(account, { add: () => 'replaced' });
    expect(proxy?.add(1)).toBe('replaced');
    expect(proxy?.addTwice(2)).toBe(account);
    expect([proxy?.balance, account.balance]).toEqual([9, 9]);
  });

  it('calls the methods that are named on the proxy, so that they use the replacements', () => {
    const target = {
      one: () => 1,
      both: function (this: { one(): number }) {
        return this.one() + this.one();
      },
    };
    const replacements = { one: () => 10 };
    expect(overridingProxy(target, replacements)?.both()).toBe(2);
    expect(overridingProxy(target, replacements, new Set(['both']))?.both()).toBe(20);
  });

  it('has the class, the members and the identity of its methods', () => {
    const account = new Account();
    const proxy = overridingProxy(account, { add: () => account });
    expect(proxy).toBeInstanceOf(Account);
    expect(proxy?.constructor).toBe(Account);
    const read = () => Reflect.get(proxy ?? {}, 'addTwice') as unknown;
    expect(read()).toHaveProperty('name', 'addTwice');
    expect(read()).toHaveLength(1);
    expect(read()).toBe(read());
  });

  it('writes to the object', () => {
    const target: { note?: string } = {};
    const proxy = overridingProxy(target, {});
    if (proxy !== undefined) proxy.note = 'written';
    expect(target.note).toBe('written');
  });

  it('is impossible for a frozen object whose method would be replaced', () => {
    const frozen = Object.freeze({ run: () => 1, other: () => 2 });
    expect(overridingProxy(frozen, { run: () => 3 })).toBeUndefined();
    expect(overridingProxy(frozen, {})?.other()).toBe(2);
  });
});
