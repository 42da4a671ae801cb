import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { delimitedMessages, METRICS_PROTO } from '../../exporters/prometheus/protobuf-decoder.js';
import { requireBinary } from './binaries.js';

const TAG_OF_FAMILY = Buffer.from([(1 << 3) | 2]);

/** Decodes a scrape in protobuf to the text format of protobuf. A field that is not published has a number there. */
export function protocDecode(body: Uint8Array): string {
  const message = Buffer.concat(
    delimitedMessages(body).flatMap((family) => [TAG_OF_FAMILY, lengthOf(family), family]),
  );
  return protoc('--decode', message).toString();
}

/** Encodes what {@link protocDecode} returned, as the reference does. */
export function protocEncode(text: string): Buffer {
  // Without the tag before each length it is a stream again.
  const message = protoc('--encode', Buffer.from(text));
  const families: Buffer[] = [];
  for (let at = 0; at < message.length;) {
    if (message[at] !== TAG_OF_FAMILY[0]) throw new Error('expected a family');
    const [start, size] = lengthAt(message, at + 1);
    families.push(message.subarray(at + 1, start + size));
    at = start + size;
  }
  return Buffer.concat(families);
}

function protoc(command: '--decode' | '--encode', input: Buffer): Buffer {
  const file = fileURLToPath(METRICS_PROTO);
  const args = [`--proto_path=${dirname(file)}`, `${command}=io.prometheus.client.Scrape`, file];
  const { status, stdout, stderr } = spawnSync(requireBinary('protoc'), args, {
    input,
    timeout: 150_000,
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`protoc ${command}: ${stderr.toString()}`);
  return stdout;
}

function lengthOf({ length }: Buffer): Buffer {
  const bytes: number[] = [];
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function lengthAt(bytes: Buffer, from: number): [start: number, length: number] {
  let at = from;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [at, length];
  }
}
