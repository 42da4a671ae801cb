import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The files that the page consists of. */
export class PageFiles {
  private constructor(private readonly folder: string) {}

  /** Finds them beside this module, also where a test runner has made it CommonJS. */
  static async find(): Promise<PageFiles> {
    if (typeof __dirname === 'string') return new PageFiles(__dirname);
    // In a file of its own, since import.meta is a syntax error in CommonJS.
    const { MODULE_FOLDER } = await import('./module-folder.js');
    return new PageFiles(MODULE_FOLDER);
  }

  /** A file of ours. */
  read(name: string): string {
    return readFileSync(join(this.folder, 'page', name), 'utf8');
  }

  /** A file of uPlot, which draws the charts. */
  readUPlot(name: string): string {
    return readFileSync(createRequire(join(this.folder, 'page')).resolve(`uplot/dist/${name}`), 'utf8');
  }
}
