import type { Endpoint, EndpointReply, EndpointRequest } from '../http/endpoint.js';
import { CONTENT_SECURITY_POLICY } from './dashboard-asset.endpoint.js';

/** The link to the data of the verdict, which is shown first. */
const PRELOAD =
  '<link id="first" rel="preload" href="{{base}}api/overview" as="fetch" crossorigin="anonymous" />';

/** The HTML page. Without credentials it has the status of a denied request, and asks for a token. */
export class DashboardPageEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = false;

  /**
   * @param read returns HTML in which `{{base}}` stands for the relative base URL of its files, and `{{preload}}` for a link
   *   by which a browser asks for the first data together with the scripts
   */
  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly read: () => Promise<string>,
  ) {}

  async handle({ path, refusal }: EndpointRequest): Promise<EndpointReply> {
    const refused = await refusal();
    const content = await this.read();
    return {
      status: refused?.status ?? 200,
      headers: {
        ...refused?.headers,
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      },
      // A browser without credentials would only be refused.
      body: content
        .replace('{{preload}}', refused === undefined ? PRELOAD : '')
        .replaceAll('{{base}}', baseOf(path)),
    };
  }
}

/** Returns the relative base URL of the files of the page. It works behind any prefix that a proxy adds. */
function baseOf(path: string): string {
  return path.endsWith('/') ? './' : `${path.slice(path.lastIndexOf('/') + 1)}/`;
}
