import type { Endpoint } from './endpoint.js';

/** An endpoint and its route. */
export interface MountedEndpoint {
  readonly endpoint: Endpoint;
  /** Path with leading slash. */
  readonly route: string;
}

/** A lookup of endpoints by method and path, with or without a trailing slash. */
export class RouteTable {
  private readonly endpoints = new Map<string, Map<string, Endpoint>>();

  /** Adds an endpoint. */
  add({ endpoint, route }: MountedEndpoint): void {
    const methods = this.endpoints.get(route) ?? new Map<string, Endpoint>();
    methods.set(methodOf(endpoint), endpoint);
    this.endpoints.set(route, methods);
  }

  /** Returns the routes of all endpoints. */
  routes(): string[] {
    return [...this.endpoints.keys()];
  }

  /** Returns the endpoint for a request. */
  find(method: string | undefined, url: string | undefined): Endpoint | undefined {
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return undefined;
    return this.at(url)?.get(method === 'POST' ? 'POST' : 'GET');
  }

  /** Returns the allowed methods of a URL as the value of the header `Allow`; undefined for an unknown path. */
  allowed(url: string | undefined): string | undefined {
    const methods = this.at(url);
    if (methods === undefined) return undefined;
    return [...methods.keys()]
      .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
      .join(', ');
  }

  private at(url = ''): ReadonlyMap<string, Endpoint> | undefined {
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    return (
      this.endpoints.get(path) ?? (path.endsWith('/') ? this.endpoints.get(path.slice(0, -1)) : undefined)
    );
  }
}

/** Returns the HTTP method of an endpoint. */
export function methodOf({ method = 'GET' }: Endpoint): 'GET' | 'POST' {
  return method;
}
