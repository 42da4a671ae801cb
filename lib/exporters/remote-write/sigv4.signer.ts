import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { messageOf } from '../../primitives/error-message.js';
import { loadPeerDependency } from '../push/peer-dependency.js';
import { PushError } from '../push/push-destination.js';

/** Credentials of AWS. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Time from which on they are no longer valid. */
  readonly expiration?: Date;
}

/** Credentials of AWS, or a function that returns them, such as one of `@aws-sdk/credential-providers`. */
export type AwsCredentialsSource = AwsCredentials | (() => Promise<AwsCredentials>);

/** The settings of a signature. */
export interface SigV4Settings {
  readonly region: string;
  readonly service: string;
  /** @default those that the AWS SDK finds */
  readonly credentials?: AwsCredentialsSource;
}

interface SignedRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string[]>>;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

interface Signer {
  sign(request: SignedRequest): Promise<{ readonly headers: Record<string, string> }>;
}

/** The part of `@smithy/signature-v4` that is used. */
interface SignatureV4Package {
  readonly SignatureV4: new (
    options: SigV4Settings & { readonly sha256: typeof Sha256; readonly applyChecksum: boolean },
  ) => Signer;
}

/** The part of `@aws-sdk/credential-provider-node` that is used. */
interface CredentialProviderPackage {
  defaultProvider(): () => Promise<AwsCredentials>;
}

const OWNER = 'The remote write exporter with sigV4';

/** A signer of requests to AWS with Signature Version 4, by the signer of the AWS SDK. */
export class SigV4Signer {
  private constructor(private readonly signer: Signer) {}

  /** Loads the signer, and the search for credentials if none are given. @throws {PushError} if a package is missing */
  static async load(settings: SigV4Settings): Promise<SigV4Signer> {
    const { SignatureV4 } = await loadPeerDependency<SignatureV4Package>('@smithy/signature-v4', OWNER);
    const credentials = settings.credentials ?? (await foundCredentials());
    return new SigV4Signer(
      new SignatureV4({ ...settings, credentials, sha256: Sha256, applyChecksum: true }),
    );
  }

  /**
   * Returns the headers with those of the signature.
   *
   * @throws {PushError} if there are no valid credentials; they may be renewed, so the request is sent later
   */
  async sign(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
  ): Promise<Record<string, string>> {
    const { protocol, hostname, host, pathname, searchParams } = url;
    const request: SignedRequest = {
      method: 'POST',
      protocol,
      hostname,
      path: pathname,
      query: Object.fromEntries(Array.from(searchParams.keys(), (name) => [name, searchParams.getAll(name)])),
      headers: { ...headers, host },
      body,
    };
    try {
      const { host: _, ...signed } = (await this.signer.sign(request)).headers;
      return signed;
    } catch (error) {
      throw new PushError(`AWS credentials: ${messageOf(error)}`, 'retry', undefined, { cause: error });
    }
  }
}

async function foundCredentials(): Promise<() => Promise<AwsCredentials>> {
  const name = '@aws-sdk/credential-provider-node';
  const provider = await loadPeerDependency<CredentialProviderPackage>(name, `${OWNER} without credentials`);
  return provider.defaultProvider();
}

/** SHA-256, or its HMAC with a secret, as the signer expects it. */
class Sha256 {
  private hash: Hash | Hmac;

  constructor(private readonly secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = this.begin();
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    this.hash = this.begin();
  }

  private begin(): Hash | Hmac {
    return this.secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(this.secret));
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(data);
}
