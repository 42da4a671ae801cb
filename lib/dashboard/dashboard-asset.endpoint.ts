import { acceptsBrotli, acceptsGzip } from '../http/accept-encoding.js';
import type { Endpoint, EndpointReply, EndpointRequest } from '../http/endpoint.js';
import type { FileCoding, PageFile } from './page-files.js';

/** A policy that allows no foreign and no inline resources. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * A static file of the page. It needs no credentials, since it contains no data of the application. A browser keeps it,
 * and asks each time whether it is still the same: after a deployment, all files are those of the new version.
 */
export class DashboardAssetEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = false;

  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly file: PageFile,
  ) {}

  async handle({ headers }: EndpointRequest): Promise<EndpointReply> {
    const { file } = this;
    const etag = await file.tag();
    const kept = {
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'cache-control': 'no-cache',
      etag,
      vary: 'accept-encoding',
    };
    if (namesTag(headers['if-none-match'], etag)) return { status: 304, headers: kept, body: '' };
    const coding = this.codingFor(headers['accept-encoding']?.toString());
    return {
      status: 200,
      headers: {
        ...kept,
        'content-type': file.contentType,
        'x-content-type-options': 'nosniff',
        ...(coding !== 'identity' && { 'content-encoding': coding }),
      },
      body: await file.content(coding),
    };
  }

  private codingFor(accepted: string | undefined): FileCoding {
    if (this.file.hasBrotli && acceptsBrotli(accepted)) return 'br';
    return acceptsGzip(accepted) ? 'gzip' : 'identity';
  }
}

/** Returns true if an `If-None-Match` header has an entity tag, by weak comparison. */
function namesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  const opaque = tag.replace(/^W\//, '');
  return header.split(',').some((each) => each.trim().replace(/^W\//, '') === opaque);
}
