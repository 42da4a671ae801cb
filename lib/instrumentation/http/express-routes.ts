import type { IncomingMessage } from 'node:http';

type ExpressPath = unknown;

interface ExpressRoute {
  readonly path: ExpressPath;
}

interface ExpressLayer {
  readonly route?: ExpressRoute;
  readonly handle?: unknown;
  /** The path that it was made with; older versions of the router do not keep it. */
  readonly rawPath?: ExpressPath;
  /** The part of the URL that matched, where `match()` does not return it. */
  readonly path?: string;
  /** True if it is mounted at the root. */
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
}

/** A place in the tree of routers where a route is reached. */
interface Place {
  readonly template: string;
  /** The layers that lead there, the one of the route last. */
  readonly layers: readonly ExpressLayer[];
}

/** Stands for a path that cannot be read from the router. */
const UNKNOWN_MOUNT = '*';

/** Deeper trees are not read: routers that are mounted in themselves have no end. */
const MAX_DEPTH = 20;

/** Searches for routes that are in no tree, such as those of routers made anew for each request, before it gives up. */
const MAX_FRUITLESS_SEARCHES = 50;

/**
 * The full templates of the routes of Express, by the routes themselves. Express tells the path of a route within its
 * router, and for as long as the request is in that router the URL that it is mounted at, but not the template of that.
 */
export class ExpressRoutes {
  private readonly places = new WeakMap<ExpressRoute, string | readonly Place[]>();
  private fruitlessSearches = 0;

  /** Returns the template of the route that a request came to, such as `/api/users/:id`; undefined if to none. */
  templateOf(request: ExpressRequest): string | undefined {
    const { route } = request;
    if (route === undefined) return undefined;
    const found = this.places.get(route) ?? this.search(route, request.app);
    return typeof found === 'string' ? found : templateAt(found, request);
  }

  private search(route: ExpressRoute, app: ExpressApp | undefined): string | readonly Place[] {
    if (app !== undefined && this.fruitlessSearches < MAX_FRUITLESS_SEARCHES) {
      for (const [found, places] of readTree(app)) {
        const [{ template }] = places;
        this.places.set(found, places.every((place) => place.template === template) ? template : places);
      }
    }
    let found = this.places.get(route);
    if (found === undefined) {
      this.fruitlessSearches++;
      found = joinPaths([UNKNOWN_MOUNT], route.path);
      this.places.set(route, found);
    }
    return found;
  }
}

type Places = [Place, ...Place[]];

/** Returns the places of all routes of an application, also of the routers that are mounted in it. */
function readTree(app: ExpressApp): Map<ExpressRoute, Places> {
  const tree = new Map<ExpressRoute, Places>();
  const read = (
    layers: readonly ExpressLayer[],
    prefixes: string[],
    above: readonly ExpressLayer[],
  ): void => {
    if (above.length > MAX_DEPTH) return;
    for (const layer of layers) {
      const path = [...above, layer];
      if (layer.route !== undefined) {
        const place = { template: joinPaths(prefixes, layer.route.path), layers: path };
        const known = tree.get(layer.route);
        if (known === undefined) tree.set(layer.route, [place]);
        else known.push(place);
        continue;
      }
      const inner = (layer.handle as { readonly stack?: unknown } | undefined)?.stack;
      if (Array.isArray(inner)) {
        const mount = layer.slash === true ? '/' : (layer.rawPath ?? UNKNOWN_MOUNT);
        read(inner as ExpressLayer[], prefixed(prefixes, mount), path);
      }
    }
  };
  read(app.router?.stack ?? [], mountsOf(app), []);
  return tree;
}

/** Returns the templates at which an application is mounted in others. */
function mountsOf({ parent, mountpath }: ExpressApp): string[] {
  return parent === undefined ? [''] : prefixed(mountsOf(parent), mountpath);
}

/** Returns the template of a route that is reached at several places: that of the first which matches the request. */
function templateAt(places: readonly Place[], { originalUrl, url = '' }: ExpressRequest): string {
  const [path = ''] = (originalUrl ?? url).split('?', 1);
  const place = places.find(({ layers }) => leadsTo(layers, path)) ?? places[0];
  return place?.template ?? UNKNOWN_MOUNT;
}

function leadsTo(layers: readonly ExpressLayer[], path: string): boolean {
  let rest = path;
  return layers.every((layer) => {
    const match = layer.match(rest);
    if (match === false) return false;
    const matched = (typeof match === 'object' ? match.path : undefined) ?? layer.path ?? '';
    rest = rest.slice(matched.length) || '/';
    return true;
  });
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
