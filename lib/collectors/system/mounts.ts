/** A line of `/proc/self/mountinfo`. */
export interface Mount {
  /** Which device it is on, `major:minor`. */
  readonly device: string;
  /** Which directory of the file system is mounted. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/** Every line that is one; malformed lines are passed over. */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    // The optional fields in between, of which there may be any number, end with a dash.
    const [left, right] = line.split(' - ');
    const [, , device, root, mountPoint] = left.split(' ');
    const [type, source, superOptions] = (right ?? '').split(' ');
    if (device === undefined || root === undefined || mountPoint === undefined) return [];
    if (type === undefined || source === undefined) return [];
    return [
      {
        device,
        root: unescaped(root),
        mountPoint: unescaped(mountPoint),
        type,
        source: unescaped(source),
        superOptions: superOptions?.split(',') ?? [],
      },
    ];
  });
}

/** File systems that keep data on a disk of this machine. One on the network may hang, and is not looked at. */
const ON_DISK = new Set(
  'ext2 ext3 ext4 xfs btrfs zfs f2fs bcachefs jfs reiserfs vfat exfat ntfs ntfs3 ufs hfsplus apfs'.split(' '),
);

/** Files that a container engine mounts, each by itself, from a disk that is not the container's. */
const FILES_OF_CONTAINERS = new Set([
  '/etc/hosts',
  '/etc/hostname',
  '/etc/resolv.conf',
  '/dev/termination-log',
]);

/**
 * The mounts that are worth a look: one for each file system on a disk, at the shortest path that it has, and the
 * root of a container, which is layers of others.
 */
export function fileSystemsOnDisk(mounts: readonly Mount[]): string[] {
  const byDevice = new Map<string, string>();
  for (const { device, mountPoint, type } of mounts) {
    const isRootOfContainer = mountPoint === '/' && (type === 'overlay' || type === 'aufs');
    if (!isRootOfContainer && (!ON_DISK.has(type) || FILES_OF_CONTAINERS.has(mountPoint))) continue;
    const known = byDevice.get(device);
    if (known === undefined || mountPoint.length < known.length) byDevice.set(device, mountPoint);
  }
  return [...byDevice.values()].toSorted();
}

/** Blanks and backslashes stand in octal there. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
