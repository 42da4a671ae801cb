import { loadInTurn } from '../primitives/load-in-turn.js';

/**
 * A class whose code is loaded after the class is known.
 *
 * An application injects an exporter by its class, as in `constructor(otlp: OtlpExporter)`. Nest takes the class as the
 * injection token when the file of that constructor is read, long before the options say if the exporter is on; an
 * application in which it is off should never read its code. {@link token} is therefore a function with the name of the
 * class and nothing else. Once {@link load} or {@link implementedBy} has the code, the function gets the prototype of the
 * implementation, so that instances of both are the same, and inherits its static members. Whoever has kept the token has
 * the complete class from then on. The provider of an exporter that is on loads it; `nestjs-monitoring/exporters`, whose
 * users call `new OtlpExporter(…)`, has the code at once.
 *
 * A symbol would be simpler and cannot be the type of a parameter of a constructor, by which Nest injects.
 */
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
