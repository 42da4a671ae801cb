import { loadInTurn } from '../primitives/load-in-turn.js';

/** A class whose code is loaded after the class is known, such as the injection token of a part that may be off. */
export class LateClass<Class extends new (...args: never[]) => object> {
  /** The class. With its code it is the implementation in all respects: `new`, `instanceof`, `extends`, static members. */
  readonly token: Class;
  private implementation: Class | undefined;

  /**
   * @param name name of the class
   * @param loaded returns the implementation, loaded by `import()`
   */
  constructor(
    name: string,
    private readonly loaded: () => Promise<Class>,
  ) {
    this.token = this.classNamed(name);
  }

  /** Loads the code of the class. */
  async load(): Promise<Class> {
    return this.implementation === undefined ? this.implementedBy(await loadInTurn(this.loaded)) : this.token;
  }

  /** Returns the class with its code. */
  implementedBy(implementation: Class): Class {
    this.implementation = implementation;
    this.token.prototype = implementation.prototype;
    Object.setPrototypeOf(this.token, implementation);
    return this.token;
  }

  private classNamed(name: string): Class {
    const implementation = (): Class => {
      if (this.implementation === undefined) throw new Error(`The code of ${name} is not loaded.`);
      return this.implementation;
    };
    // A class would fix its prototype, and an arrow function could not be called by `new`.
    function late(...args: never[]): object {
      if (new.target === undefined) {
        throw new TypeError(`Class constructor ${name} cannot be invoked without 'new'`);
      }
      const own = implementation();
      return Reflect.construct(own, args, new.target === late ? own : new.target) as object;
    }
    return Object.defineProperty(late, 'name', { value: name }) as unknown as Class;
  }
}
