import type { Endpoint, EndpointReply, EndpointRequest } from '../http/endpoint.js';
import { CONTENT_SECURITY_POLICY } from './dashboard-asset.endpoint.js';

/**
 * The page itself. Who may not see what it shows gets the page all the same, with the status that says so: it asks
 * for a token.
 */
export class DashboardPageEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = false;

  /** @param content of the page, in which `{{base}}` stands for where its parts are */
  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly content: string,
  ) {}

  async handle({ path, refusal }: EndpointRequest): Promise<EndpointReply> {
    const refused = await refusal();
    return {
      status: refused?.status ?? 200,
      headers: {
        ...refused?.headers,
        'content-type': 'text/html; charset=utf-8',
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
