import { crc32 } from 'node:zlib';

/** Size of a slot, in bytes: a page, which the kernel copies at once. */
export const SLOT_BYTES = 4096;
/** Maximum size of a file, in bytes. */
export const MAX_RING_BYTES = 16 * 1024 * 1024;

const FORMAT = 3;
const TITLE = 'nestjs-monitoring flight recorder';
const HEADER = new RegExp(`^${TITLE} (\\d{1,6}) (\\d{1,6}) (\\d{1,6}) *\\n$`);
/** Digits of a sequence number, and of a checksum. */
const SEQUENCE_DIGITS = 12;
const CHECKSUM_DIGITS = 8;
/** Size of what is before the text of a slot, in bytes: the sequence number and the checksum. */
export const HEAD_BYTES = SEQUENCE_DIGITS + 1 + CHECKSUM_DIGITS + 1;
const HEAD = /^(\d{12}) ([0-9a-f]{8}) $/;
/** Size of what is after the text of a slot, in bytes: the last sign of life, or spaces. */
export const SIGN_BYTES = 32;
const SIGN = /^ *(\d{1,16}) (\d{1,15})$/;
/** Position of the last sign of life in a slot, in bytes. A line break ends the slot. */
export const SIGN_POSITION = SLOT_BYTES - 1 - SIGN_BYTES;
/** Maximum size of the text of a slot, in bytes. */
export const TEXT_BYTES = SIGN_POSITION - HEAD_BYTES;

const SPACE = 0x20;
const LINE_BREAK = 0x0a;

/** A sign of life of a process after it has written a row. */
export interface FlightSign {
  /** In milliseconds since the Unix epoch. */
  readonly time: number;
  /** Used old objects of the heap, in bytes. */
  readonly oldSpaceBytes: number;
}

/** The text of a slot that was read, with its sequence number. */
export interface Slot {
  readonly sequence: number;
  readonly text: string;
  /** Last sign of life after the text was written; undefined if there was none. */
  readonly sign: FlightSign | undefined;
}

/** The content of a file. */
export interface Ring {
  /** The valid slots, the oldest first. */
  readonly slots: readonly Slot[];
  /** True if a part of the file is missing or was written in part, as after a loss of power. */
  readonly isTorn: boolean;
}

/** A file of another program, or of another version of the format. */
export const FOREIGN = Symbol('foreign');

/** Returns the first slot of a file, which names the format, with all other slots, which are empty. */
export function emptyRing(bytes: number): Buffer {
  const count = Math.floor(bytes / SLOT_BYTES);
  const ring = Buffer.alloc(count * SLOT_BYTES, SPACE);
  for (let slot = 0; slot < count; slot++) ring[(slot + 1) * SLOT_BYTES - 1] = LINE_BREAK;
  ring.write(`${TITLE} ${FORMAT} ${SLOT_BYTES} ${count}`);
  return ring;
}

/** Writes a text into the buffer of a slot. @returns false if it does not fit */
export function encodeSlot(slot: Buffer, sequence: number, text: string): boolean {
  if (Buffer.byteLength(text) > TEXT_BYTES) return false;
  slot.fill(SPACE);
  slot[SLOT_BYTES - 1] = LINE_BREAK;
  slot.write(text, HEAD_BYTES);
  const digits = digitsOf(sequence);
  slot.write(`${digits} ${checksumOf(slot, digits)} `);
  return true;
}

/** Writes a sign of life into its buffer, which may be written into a slot at any time: the checksum leaves it out. */
export function encodeSign(buffer: Buffer, { time, oldSpaceBytes }: FlightSign): void {
  buffer.write(`${time} ${oldSpaceBytes}`.padStart(SIGN_BYTES), 0, SIGN_BYTES, 'latin1');
}

/** Returns true if the beginning of a slot is that of this sequence number. */
export function hasSequence(head: Buffer, sequence: number): boolean {
  return HEAD.exec(head.toString('latin1', 0, HEAD_BYTES))?.[1] === digitsOf(sequence);
}

/** Returns the position of a slot in a file of this size, in bytes. */
export function positionOf(sequence: number, bytes: number): number {
  // The first slot names the format.
  const count = Math.floor(bytes / SLOT_BYTES) - 1;
  return (1 + (sequence % count)) * SLOT_BYTES;
}

/** Returns true for the beginning of a file that may be read as a ring, even if a part of it is missing. */
function isOwn(header: string): boolean {
  if (header.length < SLOT_BYTES) return `${TITLE} ${FORMAT} ${SLOT_BYTES} `.startsWith(header.slice(0, 40));
  const [, format, slotBytes] = HEADER.exec(header) ?? [];
  return Number(format) === FORMAT && Number(slotBytes) === SLOT_BYTES;
}

/** Reads the content of a file, whatever it is; an empty one has no slots. */
export function readRing(content: Buffer): Ring | typeof FOREIGN {
  if (content.length === 0) return { slots: [], isTorn: false };
  // A file system may give zeros for what was not written before the power was lost.
  if (isBlank(content)) return { slots: [], isTorn: true };
  const header = content.toString('latin1', 0, SLOT_BYTES);
  if (!isOwn(header)) return FOREIGN;
  const bytes = Number(HEADER.exec(header)?.[3] ?? NaN) * SLOT_BYTES;
  let isTorn = content.length !== bytes;
  const slots: Slot[] = [];
  for (let at = SLOT_BYTES; at < content.length; at += SLOT_BYTES) {
    const slot = decodeSlot(content.subarray(at, at + SLOT_BYTES));
    if (slot === undefined) isTorn ||= content[at] !== SPACE;
    else if (positionOf(slot.sequence, bytes) === at) slots.push(slot);
  }
  return { slots: slots.toSorted((a, b) => a.sequence - b.sequence), isTorn };
}

function decodeSlot(slot: Buffer): Slot | undefined {
  if (slot.length < SLOT_BYTES) return undefined;
  const [, digits = '', checksum] = HEAD.exec(slot.toString('latin1', 0, HEAD_BYTES)) ?? [];
  if (checksum === undefined || checksum !== checksumOf(slot, digits)) return undefined;
  const sign = SIGN.exec(slot.toString('latin1', SIGN_POSITION, SIGN_POSITION + SIGN_BYTES));
  return {
    sequence: Number(digits),
    text: slot.toString('utf8', HEAD_BYTES, SIGN_POSITION).trimEnd(),
    sign: sign === null ? undefined : { time: Number(sign[1]), oldSpaceBytes: Number(sign[2]) },
  };
}

function digitsOf(sequence: number): string {
  return String(sequence).padStart(SEQUENCE_DIGITS, '0');
}

function checksumOf(slot: Buffer, digits: string): string {
  return crc32(slot.subarray(HEAD_BYTES, SIGN_POSITION), crc32(digits))
    .toString(16)
    .padStart(CHECKSUM_DIGITS, '0');
}

function isBlank(content: Buffer): boolean {
  return content.every((byte) => byte === 0);
}
