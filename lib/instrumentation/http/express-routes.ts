import type { IncomingMessage } from 'node:http';

type ExpressPath = unknown;

interface ExpressRoute {
  readonly path: ExpressPath;
}

interface ExpressLayer {
  readonly route?: ExpressRoute;
  readonly handle?: unknown;
  /** The path of the layer; undefined in older versions of the router. */
  readonly rawPath?: ExpressPath;
  /** The matched part of the URL, where `match()` does not return it. */
  readonly path?: string;
  /** True if the layer is mounted at the root. */
  readonly slash?: boolean;
  match(path: string): boolean | { readonly path?: string };
}

interface ExpressApp {
  readonly parent?: ExpressApp;
  readonly mountpath?: ExpressPath;
  readonly router?: { readonly stack?: readonly ExpressLayer[] };
}

interface ExpressRequest extends IncomingMessage {
  readonly app?: ExpressApp;
  readonly route?: ExpressRoute;
  readonly originalUrl?: string;
  /** The part of the path at which the middleware that answered is mounted; empty for the root. */
  readonly baseUrl?: string;
}

/** A location of a route in the tree of routers. */
interface RouteLocation {
  readonly template: string;
  /** The layers from the root to the route. */
  readonly layers: readonly ExpressLayer[];
}

/** The template of a path that the router does not expose. */
const UNKNOWN_MOUNT = '*';

/** Depth limit, for routers that are mounted in themselves. */
const MAX_DEPTH = 20;

/** Limit of searches without a result, for applications that create a router for each request. */
const MAX_FAILED_SEARCHES = 50;

/**
 * The full templates of the routes of an Express application, and of the paths at which middleware is mounted.
 *
 * Express exposes the path of a route within its router, but not the template at which the router is mounted. The
 * templates are therefore read from the tree of routers, once for each route.
 */
export class ExpressRoutes {
  private readonly locations = new WeakMap<ExpressRoute, string | readonly RouteLocation[]>();
  private failedSearches = 0;
  private ownApp: ExpressApp | undefined;

  /** Sets the application that is measured. An application outside of its tree has an unknown mount. */
  setApp(app: object): void {
    this.ownApp = app;
  }

  /**
   * Returns the template of the route that served a request, such as `/api/users/:id`, or the path of the middleware that
   * did, such as `/graphql`; undefined for middleware of the root.
   */
  templateOf(request: ExpressRequest): string | undefined {
    const { route } = request;
    if (route === undefined) return this.mountOf(request);
    const found = this.locations.get(route) ?? this.search(route, request.app);
    return typeof found === 'string' ? found : templateAt(found, request);
  }

  private mountOf({ baseUrl = '', app }: ExpressRequest): string | undefined {
    if (baseUrl === '' || app === undefined) return undefined;
    const root = rootOf(app);
    return findMount(root.router?.stack ?? [], baseUrl, mountsOf(root, rootOf(this.ownApp ?? app)));
  }

  private search(route: ExpressRoute, app: ExpressApp | undefined): string | readonly RouteLocation[] {
    if (app !== undefined && this.failedSearches < MAX_FAILED_SEARCHES) {
      for (const [found, locations] of readTree(app, mountsOf(app, rootOf(this.ownApp ?? app)))) {
        const [{ template }] = locations;
        const isUnique = locations.every((location) => location.template === template);
        this.locations.set(found, isUnique ? template : locations);
      }
    }
    let found = this.locations.get(route);
    if (found === undefined) {
      this.failedSearches++;
      found = joinPaths([UNKNOWN_MOUNT], route.path);
      this.locations.set(route, found);
    }
    return found;
  }
}

type RouteLocations = [RouteLocation, ...RouteLocation[]];

/**
 * Returns the locations of all routes of an application and of the routers that are mounted in it.
 *
 * @param mounts the templates at which the application is mounted
 */
function readTree(app: ExpressApp, mounts: string[]): Map<ExpressRoute, RouteLocations> {
  const tree = new Map<ExpressRoute, RouteLocations>();
  const read = (
    layers: readonly ExpressLayer[],
    prefixes: string[],
    above: readonly ExpressLayer[],
  ): void => {
    if (above.length > MAX_DEPTH) return;
    for (const layer of layers) {
      const path = [...above, layer];
      if (layer.route !== undefined) {
        const location = { template: joinPaths(prefixes, layer.route.path), layers: path };
        const known = tree.get(layer.route);
        if (known === undefined) tree.set(layer.route, [location]);
        else known.push(location);
        continue;
      }
      const inner = layersIn(layer);
      if (inner !== undefined) read(inner, prefixed(prefixes, pathOf(layer)), path);
    }
  };
  read(app.router?.stack ?? [], mounts, []);
  return tree;
}

/**
 * Returns the path at which middleware is mounted, by the part of a URL that it matches; undefined if there is none, or if it
 * matches every path. Of several, the last one has answered: the others have passed the request on.
 */
function findMount(
  layers: readonly ExpressLayer[],
  baseUrl: string,
  prefixes: string[],
  depth = 0,
): string | undefined {
  if (depth > MAX_DEPTH) return undefined;
  let found: string | undefined;
  for (const layer of layers) {
    const matched = layer.route === undefined ? matchOf(layer, baseUrl) : undefined;
    if (matched === undefined) continue;
    const rest = baseUrl.slice(matched.length);
    const inner = layersIn(layer);
    const mounts = prefixed(prefixes, pathOf(layer));
    const innerMount = inner && findMount(inner, rest, mounts, depth + 1);
    if (innerMount !== undefined) found = innerMount;
    else if (rest === '' && isOnePath(layer)) found = mounts.join('|');
  }
  return found;
}

/** Returns the layers of the router that is mounted in a layer. */
function layersIn({ handle }: ExpressLayer): readonly ExpressLayer[] | undefined {
  const stack = (handle as { readonly stack?: unknown } | undefined)?.stack;
  return Array.isArray(stack) ? (stack as ExpressLayer[]) : undefined;
}

function pathOf({ slash, rawPath }: ExpressLayer): ExpressPath {
  return slash === true ? '/' : (rawPath ?? UNKNOWN_MOUNT);
}

/** Returns false for middleware of the root, and for a path with a wildcard or a regular expression, which match anything. */
function isOnePath({ slash, rawPath }: ExpressLayer): boolean {
  if (slash === true) return false;
  const paths: unknown[] = Array.isArray(rawPath) ? rawPath : [rawPath];
  return paths.every((path) => typeof path === 'string' && !path.includes('*'));
}

/**
 * Returns the templates at which an application is mounted in other applications. That of an application which middleware
 * of the root calls itself is unknown.
 */
function mountsOf(app: ExpressApp, root: ExpressApp): string[] {
  if (app.parent !== undefined) return prefixed(mountsOf(app.parent, root), app.mountpath);
  return [app === root ? '' : UNKNOWN_MOUNT];
}

function rootOf(app: ExpressApp): ExpressApp {
  return app.parent === undefined ? app : rootOf(app.parent);
}

/** Returns the template of a route with several locations: that of the first location that matches the request. */
function templateAt(locations: readonly RouteLocation[], { originalUrl, url = '' }: ExpressRequest): string {
  const [path = ''] = (originalUrl ?? url).split('?', 1);
  const location = locations.find(({ layers }) => matches(layers, path)) ?? locations[0];
  return location?.template ?? UNKNOWN_MOUNT;
}

function matches(layers: readonly ExpressLayer[], path: string): boolean {
  let rest = path;
  return layers.every((layer) => {
    const matched = matchOf(layer, rest);
    if (matched !== undefined) rest = rest.slice(matched.length) || '/';
    return matched !== undefined;
  });
}

/** Returns the part of a path that a layer matches; undefined if it does not match. */
function matchOf(layer: ExpressLayer, path: string): string | undefined {
  const match = layer.match(path);
  if (match === false) return undefined;
  return (typeof match === 'object' ? match.path : undefined) ?? layer.path ?? '';
}

function joinPaths(prefixes: readonly string[], path: ExpressPath): string {
  return prefixed(prefixes, path)
    .map((template) => template || '/')
    .join('|');
}

function prefixed(prefixes: readonly string[], path: ExpressPath): string[] {
  const paths = (Array.isArray(path) ? path.flat(Infinity) : [path]).map((part) =>
    part === '/' || part === undefined ? '' : String(part),
  );
  return prefixes.flatMap((prefix) => paths.map((part) => joined(prefix, part)));
}

function joined(prefix: string, part: string): string {
  const base = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return base === '' || part === '' || part.startsWith('/') ? base + part : `${base}/${part}`;
}
