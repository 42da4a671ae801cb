import { RequestMethod } from '@nestjs/common';
import { type ApplicationConfig, MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { PathsExplorer } from '@nestjs/core/router/paths-explorer.js';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';
import { isObject } from '../../primitives/is-object.js';
import { redactPath } from '../../primitives/redact.js';
import type { RouteInfo } from './process-report.js';
import { safeName } from './safe-name.js';
import { metadataOf } from '../../primitives/reflect-metadata.js';

/** The metadata of Nest that is read. */
const PATH = 'path';
const HOST = 'host';
const VERSION = '__version__';
const MODULE_PATH = '__module_path__';
const GUARDS = '__guards__';
const INTERCEPTORS = '__interceptors__';
const PIPES = '__pipes__';
const ROUTE_ARGUMENTS = '__routeArguments__';

/** Maximum number of classes that are listed of a kind. */
const MAX_CLASSES = 50;

type Module = ModulesContainer extends Map<string, infer M> ? M : never;
type Wrapper = Module['controllers'] extends Map<unknown, infer W> ? W : never;
type RouteParts = Parameters<RoutePathFactory['create']>[0];

/** The global guards, interceptors and pipes, by the names of their classes. */
interface Enhancers {
  readonly guards: readonly string[];
  readonly interceptors: readonly string[];
  readonly pipes: readonly string[];
}

/** Returns the routes of all controllers, with the paths under which Nest registers them. It yields after each route. */
export function* routeList(
  modules: ModulesContainer,
  config: ApplicationConfig,
): Generator<void, RouteInfo[], void> {
  const scanner = new MetadataScanner();
  const explorer = new PathsExplorer(scanner);
  const paths = new RoutePathFactory(config);
  const global = globalEnhancers(config);
  const routes: RouteInfo[] = [];
  for (const module of modules.values()) {
    for (const wrapper of module.controllers.values()) {
      yield;
      try {
        yield* routesOf(wrapper, module, { modules, config, scanner, explorer, paths, global, routes });
      } catch {
        // A controller whose metadata or name cannot be read has no routes here.
      }
    }
  }
  return routes;
}

interface RouteContext {
  readonly modules: ModulesContainer;
  readonly config: ApplicationConfig;
  readonly scanner: MetadataScanner;
  readonly explorer: PathsExplorer;
  readonly paths: RoutePathFactory;
  readonly global: Enhancers;
  readonly routes: RouteInfo[];
}

function* routesOf(
  { metatype, instance }: Wrapper,
  module: Module,
  { modules, config, scanner, explorer, paths, global, routes }: RouteContext,
): Generator<void, void, void> {
  if (typeof metatype !== 'function') return;
  const { prototype } = metatype as { readonly prototype: object };
  const ofController = enhancersOf(metatype);
  const controllerVersion = metadataOf(VERSION, metatype) as RouteParts['controllerVersion'];
  const prefix = config.getGlobalPrefix();
  const modulePath =
    metadataOf(`${MODULE_PATH}${modules.applicationId}`, module.metatype) ??
    metadataOf(MODULE_PATH, module.metatype);
  for (const name of scanner.getAllMethodNames(prototype)) {
    yield;
    const route = explorer.exploreMethodMetadata(instance ?? prototype, prototype, name);
    if (route === null) continue;
    const method = route.requestMethod;
    const ofHandler = enhancersOf(route.targetCallback);
    const version = versionText(route.version ?? controllerVersion);
    const host = hostText(metadataOf(HOST, metatype));
    const argumentPipes = pipesOfArguments(metatype, route.methodName);
    for (const ctrlPath of listOf(metadataOf(PATH, metatype)).map((path) => withSlash(String(path)))) {
      for (const methodPath of route.path) {
        yield;
        const parts = {
          ctrlPath,
          methodPath,
          modulePath,
          globalPrefix: prefix === '' ? '' : withSlash(prefix),
          controllerVersion,
          methodVersion: route.version,
          versioningOptions: config.getVersioning(),
        } as RouteParts;
        for (const path of paths.create(parts, method)) {
          routes.push({
            method: RequestMethod[method] ?? String(method),
            path: safeName(redactPath(path)),
            ...(version !== undefined && { version }),
            ...(host !== undefined && { host }),
            module: safeName(module.name),
            controller: safeName(metatype.name),
            handler: safeName(route.methodName),
            guards: joined(global.guards, ofController.guards, ofHandler.guards),
            interceptors: joined(global.interceptors, ofController.interceptors, ofHandler.interceptors),
            pipes: joined(global.pipes, ofController.pipes, ofHandler.pipes, argumentPipes),
          });
        }
      }
    }
  }
}

/** Returns the global ones: those of `useGlobalGuards()` and of `APP_GUARD`, also if they are created for each request. */
function globalEnhancers(config: ApplicationConfig): Enhancers {
  const ofRequests = (
    wrappers: readonly { readonly metatype?: unknown; readonly name?: unknown }[],
  ): string[] => wrappers.map(({ metatype, name }) => classNameOf(metatype ?? name));
  return {
    guards: [...config.getGlobalGuards().map(classNameOf), ...ofRequests(config.getGlobalRequestGuards())],
    interceptors: [
      ...config.getGlobalInterceptors().map(classNameOf),
      ...ofRequests(config.getGlobalRequestInterceptors()),
    ],
    pipes: [...config.getGlobalPipes().map(classNameOf), ...ofRequests(config.getGlobalRequestPipes())],
  };
}

function enhancersOf(target: object): Enhancers {
  const names = (key: string): string[] => listOf(metadataOf(key, target)).map(classNameOf);
  return { guards: names(GUARDS), interceptors: names(INTERCEPTORS), pipes: names(PIPES) };
}

function pipesOfArguments(controller: object, handler: string): string[] {
  const args = metadataOf(ROUTE_ARGUMENTS, controller, handler);
  if (!isObject(args)) return [];
  return Object.values(args).flatMap((argument: unknown) =>
    isObject(argument) ? listOf((argument as { readonly pipes?: unknown }).pipes).map(classNameOf) : [],
  );
}

/** Returns the name of a class, or of the class of an instance. */
function classNameOf(value: unknown): string {
  if (typeof value === 'string') return safeName(value);
  try {
    const type: unknown = typeof value === 'function' ? value : (value as object).constructor;
    return safeName((type as { readonly name?: unknown }).name) || '(object)';
  } catch {
    return '(object)';
  }
}

function joined(...lists: readonly (readonly string[])[]): string[] {
  const names = lists.flat();
  const more = names.length - MAX_CLASSES;
  return more > 0 ? [...names.slice(0, MAX_CLASSES), `(${more} more)`] : names;
}

function versionText(version: unknown): string | undefined {
  if (version === undefined || version === null) return undefined;
  return listOf(version)
    .map((each) => (typeof each === 'symbol' ? 'neutral' : safeName(String(each))))
    .join(', ');
}

function hostText(host: unknown): string | undefined {
  if (host === undefined || host === null) return undefined;
  return listOf(host)
    .map((each) => safeName(String(each)))
    .join(', ');
}

function withSlash(path: string): string {
  return path === '' || path.startsWith('/') ? path : `/${path}`;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}
