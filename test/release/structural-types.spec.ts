import { describe, expect, it } from '@jest/globals';
import { withoutPrivateMembers } from '../../release/structural-types.mjs';

describe('the declarations of the package', () => {
  it('have no private and no protected members, so that both copies of a class are the same type', () => {
    const code = `
/** A registry. */
declare class Registry<T extends string> extends Base {
    #private;
    private readonly labels;
    /** Stays. */
    readonly name: T;
    protected page: Float64Array;
    private static cache;
    constructor(name: T);
    /** Goes. */
    private rebind;
    get size(): number;
    protected place(): void;
}
export { Registry };
`;
    expect(withoutPrivateMembers(code)).toBe(`
/** A registry. */
declare class Registry<T extends string> extends Base {
    /** Stays. */
    readonly name: T;
    constructor(name: T);
    get size(): number;
}
export { Registry };
`);
  });

  it('keep a constructor that nobody may call', () => {
    const code = 'declare class Single {\n    private constructor();\n    static of(): Single;\n}\n';
    expect(withoutPrivateMembers(code)).toBe(code);
  });

  it('keep what only looks like one', () => {
    const code = `
interface Options {
    readonly private: boolean;
}
/** private readonly mine; */
declare class Own {
    readonly privateKey: 'private x;';
}
`;
    expect(withoutPrivateMembers(code)).toBe(code);
  });
});
