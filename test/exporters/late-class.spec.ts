import { describe, expect, it } from '@jest/globals';
import { LateClass } from '../../lib/exporters/late-class.js';

class Account {
  static readonly currency = 'EUR';

  constructor(readonly owner: string) {}

  get label(): string {
    return `${this.owner} (${Account.currency})`;
  }
}

function lateAccount() {
  let loads = 0;
  const load = (): Promise<typeof Account> => {
    loads++;
    return Promise.resolve(Account);
  };
  return { late: new LateClass('Account', load), loads: () => loads };
}

describe('a class whose code is loaded later', () => {
  it('is a token with its name, and loads nothing', () => {
    const { late, loads } = lateAccount();
    expect([typeof late.token, late.token.name, loads()]).toEqual(['function', 'Account', 0]);
  });

  it('stays the same token, and creates instances once it is loaded', async () => {
    const { late, loads } = lateAccount();
    const { token } = late;
    expect(await Promise.all([late.load(), late.load()])).toEqual([token, token]);
    await late.load();
    expect(loads()).toBeLessThanOrEqual(2);
    const account = new token('Ada');
    expect(account.label).toBe('Ada (EUR)');
    expect(account).toBeInstanceOf(token);
    expect(account).toBeInstanceOf(Account);
    expect(token.currency).toBe('EUR');
  });

  it('is extended as the class itself', () => {
    const { token } = { token: lateAccount().late.implementedBy(Account) };
    class Savings extends token {
      override get label(): string {
        return `${super.label}, savings`;
      }
    }
    const savings = new Savings('Grace');
    expect(savings.label).toBe('Grace (EUR), savings');
    expect(savings).toBeInstanceOf(Savings);
    expect(savings).toBeInstanceOf(token);
  });

  it('refuses to create anything before it is loaded', () => {
    const { late } = lateAccount();
    expect(() => new late.token('Ada')).toThrow('The code of Account is not loaded.');
  });

  it('cannot be called without new', () => {
    const token = lateAccount().late.implementedBy(Account) as unknown as (owner: string) => unknown;
    expect(() => token('Ada')).toThrow("Class constructor Account cannot be invoked without 'new'");
  });
});
