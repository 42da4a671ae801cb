/** A line of `/proc/self/mountinfo`. */
export interface Mount {
  /** Device number, as `major:minor`. */
  readonly device: string;
  /** Directory of the file system that is mounted. */
  readonly root: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/** Parses `/proc/self/mountinfo`; malformed lines are skipped. */
export function parseMountInfo(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    // A dash separates a variable number of optional fields from the last three.
    const [left = '', right = ''] = line.split(' - ');
    const [, , device, root, mountPoint] = left.split(' ');
    const [type, source, superOptions] = right.split(' ');
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

/** Types of file systems on a local disk. Network file systems are left out, because they can hang. */
const ON_DISK = new Set(
  'ext2 ext3 ext4 xfs btrfs zfs f2fs bcachefs jfs reiserfs vfat exfat ntfs ntfs3 ufs hfsplus apfs'.split(' '),
);

/** Files that a container engine mounts individually from a disk of the host. */
const FILES_OF_CONTAINERS = new Set([
  '/etc/hosts',
  '/etc/hostname',
  '/etc/resolv.conf',
  '/dev/termination-log',
]);

/**
 * Returns the mount points to measure: one for each file system on a disk, at its shortest path, and the layered root
 * of a container.
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

/** Decodes the octal escapes of spaces and backslashes. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
