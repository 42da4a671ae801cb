import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The files of the page. */
export class PageFiles {
  private constructor(private readonly folder: string) {}

  /** Finds the folder of the page next to this module, also if a test runner has converted it to CommonJS. */
  static async find(): Promise<PageFiles> {
    if (typeof __dirname === 'string') return new PageFiles(__dirname);
    // import.meta is a syntax error in CommonJS, so it is in a separate file.
    const { MODULE_FOLDER } = await import('./module-folder.js');
    return new PageFiles(MODULE_FOLDER);
  }

  /** Returns a file of this library. */
  read(name: string): string {
    return readFileSync(join(this.folder, 'page', name), 'utf8');
  }

  /** Returns a file of uPlot, which draws the charts. */
  readUPlot(name: string): string {
    return readFileSync(createRequire(join(this.folder, 'page')).resolve(`uplot/dist/${name}`), 'utf8');
  }
}
