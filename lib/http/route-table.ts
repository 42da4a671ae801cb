import type { Endpoint } from './endpoint.js';

/** An endpoint and where it is reached, with leading slash. */
export interface MountedEndpoint {
  readonly endpoint: Endpoint;
  readonly route: string;
}

/** Finds the endpoint that a request is for, with or without a slash at the end of its path. */
export class RouteTable {
  private readonly endpoints = new Map<string, Map<string, Endpoint>>();

  add({ endpoint, route }: MountedEndpoint): void {
    const methods = this.endpoints.get(route) ?? new Map<string, Endpoint>();
    methods.set(methodOf(endpoint), endpoint);
    this.endpoints.set(route, methods);
  }

  routes(): string[] {
    return [...this.endpoints.keys()];
  }

  find(method: string | undefined, url: string | undefined): Endpoint | undefined {
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return undefined;
    return this.at(url)?.get(method === 'POST' ? 'POST' : 'GET');
  }

  /** The methods that are answered there, in the form of the header `Allow`; undefined if nothing is there. */
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

export function methodOf({ method = 'GET' }: Endpoint): 'GET' | 'POST' {
  return method;
}
