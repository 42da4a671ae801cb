import { readFileSync } from 'node:fs';
import type { Endpoint, EndpointReply, EndpointRequest } from '../endpoints/endpoint.js';

/** Nothing from outside, nothing inline. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** One file of the dashboard, read when the application starts. */
export class DashboardAssetEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = true;
  private readonly content: string;

  constructor(
    readonly path: string,
    readonly yields: boolean,
    file: string,
    private readonly contentType: string,
  ) {
    this.content = readFileSync(new URL(`./page/${file}`, import.meta.url), 'utf8');
  }

  handle({ path }: EndpointRequest): EndpointReply {
    return {
      status: 200,
      headers: {
        'content-type': this.contentType,
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
      body: this.content.replaceAll('{{base}}', baseOf(path)),
    };
  }
}

/** How the page refers to what is below its own path, whatever prefix a proxy adds to it. */
function baseOf(path: string): string {
  return path.endsWith('/') ? './' : `${path.slice(path.lastIndexOf('/') + 1)}/`;
}
