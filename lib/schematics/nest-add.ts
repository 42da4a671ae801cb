import { posix } from 'node:path';
import { importMonitoring, rootModuleIn, UnknownSource } from './root-module.js';

/** Options that `nest add` passes. */
export interface NestAddOptions {
  /** Folder of the sources of the application. @default 'src' */
  readonly sourceRoot?: string;
}

/** The part of the file tree of a schematic that is used. */
export interface SchematicTree {
  exists(path: string): boolean;
  readText(path: string): string;
  overwrite(path: string, content: string): void;
}

/** The part of the context of a schematic that is used. */
export interface SchematicContext {
  readonly logger: { info(message: string): void; warn(message: string): void };
}

const BY_HAND = `Add it by hand:

  import { MonitoringModule } from 'nestjs-monitoring';

  @Module({
    imports: [MonitoringModule.forRoot()],
  })`;

/** Returns the schematic of `nest add nestjs-monitoring`, which imports `MonitoringModule` into the root module. */
export function nestAdd({ sourceRoot = 'src' }: NestAddOptions) {
  return (tree: SchematicTree, { logger }: SchematicContext): SchematicTree => {
    const { name, path } = rootModuleOf(tree, sourceRoot);
    if (!tree.exists(path)) {
      logger.warn(`MonitoringModule was not imported: there is no ${path}. ${BY_HAND}`);
      return tree;
    }
    const source = tree.readText(path);
    try {
      const changed = importMonitoring(source, name);
      if (changed === source) {
        logger.info(`${path} imports MonitoringModule already.`);
        return tree;
      }
      tree.overwrite(path, changed);
      logger.info(`${path} imports MonitoringModule, which serves /metrics, /health and /metrics-dashboard.`);
    } catch (error) {
      if (!(error instanceof UnknownSource)) throw error;
      logger.warn(`MonitoringModule was not imported into ${path}: ${error.message}. ${BY_HAND}`);
    }
    return tree;
  };
}

/** Returns the class and the path of the root module: that of `main.ts`, or else the one that Nest generates. */
function rootModuleOf(tree: SchematicTree, sourceRoot: string): { name: string; path: string } {
  const entry = `${sourceRoot}/main.ts`;
  const found = tree.exists(entry) ? rootModuleIn(tree.readText(entry)) : undefined;
  const { name, path } = found ?? { name: 'AppModule', path: './app.module' };
  return { name, path: `${path.startsWith('.') ? posix.join(sourceRoot, path) : path}.ts` };
}
