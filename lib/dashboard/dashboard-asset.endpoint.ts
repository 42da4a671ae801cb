import { gzipSync } from 'node:zlib';
import type { Endpoint, EndpointReply, EndpointRequest } from '../http/endpoint.js';

/** Nothing from outside, nothing inline. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** One file that the page needs; it says nothing of the application, and is open to everybody. */
export class DashboardAssetEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = false;
  private readonly compressed: Buffer;

  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly content: string,
    private readonly contentType: string,
  ) {
    this.compressed = gzipSync(content);
  }

  handle({ headers }: EndpointRequest): EndpointReply {
    const zipped = /\bgzip\b/.test(headers['accept-encoding']?.toString() ?? '');
    return {
      status: 200,
      headers: {
        'content-type': this.contentType,
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        vary: 'accept-encoding',
        ...(zipped && { 'content-encoding': 'gzip' }),
      },
      body: zipped ? this.compressed : this.content,
    };
  }
}
